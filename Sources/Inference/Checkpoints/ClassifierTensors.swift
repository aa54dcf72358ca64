import Files
import ModelFiles
import Models
import Tensors

extension TensorFile {
  /// Names of the tensors that have values: torchvision's `VGG16_Weights.IMAGENET1K_FEATURES` is a classifier whose last layers
  /// are filled with NaN.
  func namesOfWeights() throws(FileError) -> [String] {
    let names = tensors.map(\.name)
    guard let bias = tensor(named: "classifier.0.bias"), bias.type.isReadable, try floats(of: bias).allSatisfy(\.isNaN)
    else { return names }
    return names.filter { !$0.hasPrefix("classifier.") }
  }
}

extension VariableArena {
  /// Fills a parameter from a tensor of the fully connected layer that it is a part of.
  func read(
    _ tensor: TensorEntry, of file: any TensorFile, as parameter: Variable, part: Subsampling
  ) throws(FileError) {
    let values = part.part(of: try file.weights(tensor), shape: parameter.fileShape)
    values.withUnsafeBufferPointer { parameter.copyFromFileOrder(from: $0, to: self[parameter]) }
  }
}
