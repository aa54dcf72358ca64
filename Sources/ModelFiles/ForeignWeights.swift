import Files
import Foundation

extension FileSignature {
  /// Why a file cannot be read as weights, and what to do; nil when it may well be a safetensors file.
  ///
  /// - Parameter path: the file, for commands that convert it.
  package func refusalAsSafetensors(_ path: String) -> String? {
    let expected = "; weights are read from safetensors files, those of torch.save and .caffemodel"
    switch self {
    case .safetensors, .empty: return nil
    case .pyTorch, .legacyPyTorch, .caffe: return "\(rawValue) where a safetensors file is expected"
    case .pickle:
      return
        "\(rawValue)\(expected): if you trust it, as it may run programs, convert its arrays by \(Self.python(Self.arrays(path), path))"
    case .tarPyTorch, .textPyTorch:
      return
        "\(rawValue)\(expected): if you trust it, as it may run programs, convert it by \(Self.python(Self.stateDictionary("torch.load", path), path))"
    case .torchScript:
      return
        "\(rawValue)\(expected): convert its weights by \(Self.python(Self.stateDictionary("torch.jit.load", path), path))"
    case .onnx:
      let weights =
        "import onnx, onnx.numpy_helper as h; from safetensors.numpy import save_file; save_file({t.name: h.to_array(t) for t in onnx.load('\(path)').graph.initializer}"
      return
        "\(rawValue)\(expected): convert its weights, which must be named as torchvision's, by \(Self.python(weights, path))"
    case .keras, .tensorFlow, .numPy:
      return
        "\(rawValue)\(expected) with torchvision's names of tensors, and nothing converts this one: take torchvision's weights, see docs/weights.md"
    case .jpeg, .png, .webP, .gif, .bmp, .tiff, .heic, .avif:
      return "\(rawValue) where a file of weights is expected; a command takes the checkpoint before the images"
    case .json, .text, .xml:
      return
        "\(rawValue) where a file of weights is expected, as runs/NAME/checkpoints/iteration-0001000.safetensors; configurations are for 'train', 'doctor', 'describe' and --config"
    case .html, .gitLFSPointer, .gzip, .zip, .archive:
      return "no file of weights but \(rawValue)\(remedy.map { ": \($0)" } ?? "")"
    }
  }

  private static func stateDictionary(_ load: String, _ path: String) -> String {
    load == "torch.jit.load"
      ? "import torch; from safetensors.torch import save_file; save_file({n: t.clone().contiguous() for n, t in torch.jit.load('\(path)', map_location='cpu').state_dict().items()}"
      : "import torch; from safetensors.torch import save_file; s = torch.load('\(path)', map_location='cpu', weights_only=False); s = s.get('state_dict', s.get('model', s)); save_file({n: t.clone().contiguous() for n, t in s.items() if torch.is_tensor(t)}"
  }

  private static func arrays(_ path: String) -> String {
    "import pickle, numpy; from safetensors.numpy import save_file; s = pickle.load(open('\(path)', 'rb'), encoding='latin1'); s = s.get('state_dict', s.get('model', s.get('blobs', s))); save_file({n: numpy.ascontiguousarray(a) for n, a in s.items() if hasattr(a, 'shape')}"
  }

  /// A command that writes a file beside the given one; `start` ends inside the call that does.
  private static func python(_ start: String, _ path: String) -> String {
    let target = URL(fileURLWithPath: path).deletingPathExtension().relativePath + ".safetensors"
    return "python3 -c \"\(start), '\(target)')\""
  }
}
