import Files
import Foundation

/// A format that weights are written in.
package enum WeightFormat: Sendable {
  case safetensors
  /// The zip form of torch.save.
  case pyTorch

  /// The format of a file's name; nil when it has none.
  package init?(path: String) {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "safetensors": self = .safetensors
    case "pth", "pt": self = .pyTorch
    default: return nil
    }
  }

  /// Whether the format has a name for such elements.
  func holds(_ type: ElementType) -> Bool { self == .safetensors || StatePickle.holds(type) }

  /// Writes a file, which appears complete and durable or not at all.
  ///
  /// - Parameter hashKey: the key under which the metadata gets what ``parametersSHA256()`` gives.
  /// - Precondition: no two tensors have the same name, and the format holds all of them.
  package func write(
    _ tensors: [TensorSource], to path: String, metadata: [String: String], hashKey: String? = nil
  ) throws(FileError) {
    switch self {
    case .safetensors: try tensors.writeSafetensors(to: path, metadata: metadata, hashKey: hashKey)
    case .pyTorch: try tensors.writePyTorch(to: path, metadata: metadata, hashKey: hashKey)
    }
  }
}
