/// How a fully connected layer of a classifier becomes a smaller convolution: by leaving out most of its rows and columns.
///
/// ### Source
/// Liu et al. 2016, section 3: "we convert fc6 and fc7 to convolutional layers, subsample parameters from fc6 and fc7".
package struct Subsampling: Sendable, Equatable {
  /// Every so many outputs one is taken, the first one first.
  let outputs: Int
  /// Every so many inputs.
  let inputs: Int
  /// Rows and columns of the layer's map, of which as many are taken as the convolution has, the outermost and others between them at
  /// equal distances.
  let side: Int

  /// The extents of the layer as a convolution's kernel, [outputs, inputs, rows, columns], or of its biases.
  private func wholeShape(_ shape: [Int]) -> [Int] {
    shape.count == 1
      ? [shape[0] * outputs] : [shape[0] * outputs, shape[1] * inputs] + shape.dropFirst(2).map { _ in side }
  }

  /// Whether a tensor of the layer has this shape, as a fully connected layer or a convolution, when its part has `part`.
  package func fits(_ shape: [Int], part: [Int]) -> Bool {
    let whole = wholeShape(part)
    // Old files of Caffe have extents of 1 in front.
    let found = Array(shape.drop { $0 == 1 })
    return found == whole || found == [whole[0], whole.dropFirst().reduce(1, *)]
  }

  /// The values that are kept, in row-major order as the whole ones are.
  ///
  /// - Parameters:
  ///   - whole: the layer's values.
  ///   - shape: the extents of the part, [outputs, inputs, rows, columns] or [outputs].
  package func part(of whole: [Float], shape: [Int]) -> [Float] {
    let extents = wholeShape(shape)
    let steps = zip(extents, shape).enumerated().map { axis, pair in
      axis < 2 ? pair.0 / pair.1 : pair.1 > 1 ? (pair.0 - 1) / (pair.1 - 1) : 1
    }
    var places = [0]
    for ((extent, count), step) in zip(zip(extents, shape), steps) {
      places = places.flatMap { place in (0..<count).map { place * extent + $0 * step } }
    }
    return places.map { whole[$0] }
  }

  /// "every 4th output, rows and columns 0, 3, 6".
  package func text(part: [Int]) -> String {
    guard part.count == 4 else { return "every \(outputs)th" }
    var parts = ["every \(outputs)th output"]
    if inputs > 1 { parts.append("every \(inputs)th input") }
    if side > 1, part[2] > 1 {
      let places = (0..<part[2]).map { "\($0 * (side - 1) / (part[2] - 1))" }
      parts.append("rows and columns \(places.joined(separator: ", "))")
    }
    return parts.joined(separator: ", ")
  }
}
