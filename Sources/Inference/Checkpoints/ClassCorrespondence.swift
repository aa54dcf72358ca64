import Files
import ModelFiles
import Tensors

/// Which class of a file each class of a model is, by their names.
///
/// A classification head has a channel for each default box of a cell and each class, background first: channel
/// box · (classes + 1) + class. Some have background last.
package struct ClassCorrespondence {
  /// By label of the model, 0 for background: the label in the file.
  private let sources: [Int?]
  /// Classes of the file, background included.
  private let fileClasses: Int

  /// - Parameters:
  ///   - model: the model's classes, label 1 first.
  ///   - file: the file's.
  ///   - hasBackgroundLast: whether the channel of background is behind those of the file's classes.
  init(model: [String], file: [String], hasBackgroundLast: Bool = false) {
    let first = hasBackgroundLast ? 0 : 1
    sources =
      [hasBackgroundLast ? file.count : 0] + model.map { name in file.firstIndex(of: name).map { $0 + first } }
    fileClasses = file.count + 1
  }

  /// Whether every class of the model has its label in the file, and the file has no others.
  var isIdentity: Bool { fileClasses == sources.count && sources.enumerated().allSatisfy { $0 == $1 } }

  /// Whether the two have a class in common.
  var isUseful: Bool { sources.dropFirst().contains { $0 != nil } }

  /// The labels of the model that the file does not have.
  var missingLabels: [Int] { sources.indices.filter { sources[$0] == nil } }

  /// Copies the channels of common classes, background among them.
  ///
  /// - Parameters:
  ///   - found: the file's tensor, in file order.
  ///   - head: the model's, in file order; channels of other classes stay as they are.
  ///   - channels: of the model's tensor.
  package func copy(_ found: [Float], to head: inout [Float], channels: Int) {
    let length = head.count / channels
    for channel in 0..<channels {
      let (box, label) = channel.quotientAndRemainder(dividingBy: sources.count)
      guard let source = sources[label] else { continue }
      let start = (box * fileClasses + source) * length
      head.replaceSubrange(channel * length..<(channel + 1) * length, with: found[start..<start + length])
    }
  }
}

extension VariableArena {
  /// Fills a classification head from one of other classes.
  package func read(
    _ tensor: TensorEntry, of file: any TensorFile, as parameter: Variable,
    classes: ClassCorrespondence
  ) throws(FileError) {
    let found = try file.weights(tensor)
    var head = [Float](repeating: 0, count: parameter.range.count)
    head.withUnsafeMutableBufferPointer {
      parameter.copyToFileOrder(from: UnsafeBufferPointer(self[parameter]), to: $0)
    }
    classes.copy(found, to: &head, channels: parameter.fileShape[0])
    head.withUnsafeBufferPointer { parameter.copyFromFileOrder(from: $0, to: self[parameter]) }
  }
}
