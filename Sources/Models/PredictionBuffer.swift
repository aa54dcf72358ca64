import Kernels
import Layers
import Tensors

/// The predictions of all heads, or their gradients, image by image: [batch, D, 4] and [batch, D, classes].
///
/// In NHWC the output of a head is, for one image, already the contiguous run [cells · boxes per cell, numbers] of the result: joining
/// the maps is one copy for each head and image.
final class PredictionBuffer {
  private let model: SSD
  private let batch: Int
  private let memory: AlignedBuffer

  init(_ model: SSD, batch: Int) {
    self.model = model
    self.batch = batch
    memory = AlignedBuffer(count: Self.count(model, batch: batch))
  }

  /// Floats of a buffer.
  static func count(_ model: SSD, batch: Int) -> Int { batch * model.defaultBoxes.count * (4 + model.classCount) }

  func locations(_ image: Int) -> UnsafeMutablePointer<Float> {
    precondition(image >= 0 && image < batch, "image \(image) of a batch of \(batch)")
    return memory.floats.baseAddress! + image * model.defaultBoxes.count * 4
  }

  func confidences(_ image: Int) -> UnsafeMutablePointer<Float> {
    precondition(image >= 0 && image < batch, "image \(image) of a batch of \(batch)")
    return memory.floats.baseAddress! + model.defaultBoxes.count * (batch * 4 + image * model.classCount)
  }

  /// Joins the heads' maps.
  func copyFromMaps(_ tensor: (LayerGraph.Map) -> Tensor) {
    forEachRun(tensor) { map, image, joined, count in joined.update(from: map.floats(image: image), count: count) }
  }

  /// The inverse of ``copyFromMaps(_:)``, rounded to the precision of the maps.
  func copyToMaps(_ tensor: (LayerGraph.Map) -> Tensor, _ kernels: Kernels) {
    forEachRun(tensor) { map, image, joined, count in map.set(joined, count: count, from: image * count, kernels) }
  }

  private func forEachRun(
    _ tensor: (LayerGraph.Map) -> Tensor,
    _ body: (_ map: Tensor, _ image: Int, _ joined: UnsafeMutablePointer<Float>, _ count: Int) -> Void
  ) {
    var first = 0
    for (head, boxes) in zip(model.heads, model.defaultBoxes.countPerMap) {
      let (locationMap, confidenceMap) = (tensor(head.locations), tensor(head.confidences))
      for image in 0..<locationMap.shape.batch {
        body(locationMap, image, locations(image) + first * 4, boxes * 4)
        body(
          confidenceMap, image, confidences(image) + first * model.classCount, boxes * model.classCount)
      }
      first += boxes
    }
  }
}
