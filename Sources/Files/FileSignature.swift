import Foundation

/// What a file is by its content, so that a file in the wrong place can be named for what it is.
package enum FileSignature: String, Sendable, CaseIterable {
  // Images.
  case jpeg = "a JPEG image"
  case png = "a PNG image"
  case webP = "a WebP image"
  case gif = "a GIF image"
  case bmp = "a BMP image"
  case tiff = "a TIFF image"
  case heic = "a HEIC image"
  case avif = "an AVIF image"
  // Weights.
  case safetensors = "a safetensors file"
  case pyTorch = "a PyTorch file"
  case legacyPyTorch = "a PyTorch file of the old format"
  case tarPyTorch = "a PyTorch file of the tar form, of before version 0.1.10"
  case textPyTorch = "a PyTorch file with a pickle of protocol 0 or 1"
  case torchScript = "a TorchScript program"
  case pickle = "a Python pickle"
  case caffe = "a Caffe model"
  case onnx = "an ONNX model"
  case keras = "a Keras or HDF5 file"
  case tensorFlow = "a TensorFlow checkpoint or model"
  case numPy = "a NumPy file"
  // What comes instead of a file.
  case html = "an HTML page, as a download leaves that has gone wrong"
  case gitLFSPointer = "a git-lfs pointer, not the file itself"
  case empty = "an empty file"
  // Others.
  case gzip = "a gzip archive"
  case zip = "a zip archive"
  case archive = "an archive"
  case xml = "an XML file"
  case json = "a JSON file"
  case text = "a text file"

  /// Whether it is an image.
  package var isImage: Bool {
    switch self {
    case .jpeg, .png, .webP, .gif, .bmp, .tiff, .heic, .avif: true
    default: false
    }
  }

  /// Whether it holds weights, of whatever program.
  package var isWeights: Bool {
    switch self {
    case .safetensors, .pyTorch, .legacyPyTorch, .tarPyTorch, .textPyTorch, .torchScript, .pickle, .caffe, .onnx,
      .keras,
      .tensorFlow, .numPy:
      true
    default: false
    }
  }

  /// What to do about a file that is not what its name says; nil when that depends on where it was given.
  package var remedy: String? {
    switch self {
    case .html: "download it again"
    case .gitLFSPointer: "'git lfs pull' in its repository fetches the file"
    case .empty: "copy or download it again"
    case .gzip, .zip, .archive: "unpack it"
    default: nil
    }
  }

  /// That a file is not what is expected, and what to do.
  ///
  /// - Parameter expected: with its article, as "a configuration (YAML)".
  package func refusal(expecting expected: String) -> String {
    "expected \(expected), found \(rawValue)\(remedy.map { ": \($0)" } ?? "")"
  }

  /// How many of the first and of the last bytes of a file are looked at.
  package static let prefixLength = 1 << 16

  /// Looks at the first bytes of a file, at the last ones of an archive, and where neither tells at the name.
  ///
  /// - Returns: nil when the file cannot be read or is not recognised.
  package init?(ofFile path: String) {
    var status = stat()
    // Opening anything else might wait for somebody to write.
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let file = try? Descriptor(path) else {
      return nil
    }
    self.init(of: file)
  }

  /// As ``init(ofFile:)``, of a file that is open.
  package init?(of file: Descriptor) {
    guard let end = try? Int(file.status().st_size), let prefix = try? file.bytes(at: 0, count: Self.prefixLength)
    else { return nil }
    var suffix: [UInt8] = []
    if end > Self.prefixLength {
      suffix = (try? file.bytes(at: end - Self.prefixLength, count: Self.prefixLength)) ?? []
    }
    self.init(prefix, suffix: suffix, name: URL(fileURLWithPath: file.path).lastPathComponent)
  }

  /// - Parameters:
  ///   - bytes: the first ones of a file.
  ///   - suffix: the last ones, as far as they are not among them.
  ///   - name: the file's name.
  package init?(_ bytes: [UInt8], suffix: [UInt8] = [], name: String = "") {
    if bytes.isEmpty {
      self = .empty
    } else if let known = Self.magic(bytes) ?? Self.container(bytes, suffix: suffix) ?? Self.text(bytes) {
      self = known
    } else if let known = Self.binary(bytes, name: name.lowercased()) {
      self = known
    } else {
      return nil
    }
  }

  /// Formats that begin with bytes of their own.
  private static func magic(_ bytes: [UInt8]) -> FileSignature? {
    func starts(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: Array(text.utf8)) }
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if starts("RIFF"), starts("WEBP", at: 8) { return .webP }
    if starts("GIF8") { return .gif }
    // The reserved bytes of the header are zero; text may begin with the two letters.
    if starts("BM"), bytes.count > 26, bytes[6..<10].allSatisfy({ $0 == 0 }) { return .bmp }
    if bytes.starts(with: [0x49, 0x49, 0x2A, 0]) || bytes.starts(with: [0x4D, 0x4D, 0, 0x2A]) { return .tiff }
    if starts("ftyp", at: 4) {
      let brands = String(decoding: bytes.dropFirst(8).prefix(24), as: UTF8.self)
      if brands.contains("avi") { return .avif }
      if ["heic", "heix", "hevc", "mif1", "msf1"].contains(where: brands.contains) { return .heic }
    }
    if bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) { return .keras }
    if starts("TFL3", at: 4) { return .tensorFlow }
    if bytes.starts(with: [0x93]), starts("NUMPY", at: 1) { return .numPy }
    if bytes.starts(with: [0x1F, 0x8B]) { return .gzip }
    if starts("ustar", at: 257), ["sys_info", "pickle", "tensors", "storages"].contains(where: { starts($0) }) {
      return .tarPyTorch
    }
    if starts("BZh") || bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A]) || starts("7z\u{BC}")
      || bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || starts("ustar", at: 257) || starts("Rar!")
    {
      return .archive
    }
    if bytes.count > 8, bytes[8] == UInt8(ascii: "{"), bytes[4..<8].allSatisfy({ $0 == 0 }) { return .safetensors }
    return nil
  }

  /// Archives whose members tell what they are, and pickles.
  private static func container(_ bytes: [UInt8], suffix: [UInt8]) -> FileSignature? {
    func contains(_ text: String) -> Bool {
      [bytes, suffix].contains { Data($0).range(of: Data(text.utf8)) != nil }
    }
    if bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x50, 0x4B, 5, 6]) {
      if contains("/constants.pkl") || contains("/code/") { return .torchScript }
      if contains("/data.pkl") { return .pyTorch }
      if contains("model.weights.h5") { return .keras }
      return contains(".npy") ? .numPy : .zip
    }
    if bytes.starts(with: Array("L119547037146038801333356L".utf8)) { return .textPyTorch }
    // A dictionary of protocol 0 or 1.
    if bytes.starts(with: Array("(dp0\n".utf8)) || bytes.starts(with: Array("}q\0".utf8)) { return .pickle }
    guard bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) else { return nil }
    // The number that torch.save of before version 1.6 begins with.
    let number: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    return bytes.prefix(64).firstRange(of: number) != nil ? .legacyPyTorch : .pickle
  }

  private static func text(_ bytes: [UInt8]) -> FileSignature? {
    // Tabulator, line feed, form feed and carriage return are all the control characters that text has.
    guard bytes.allSatisfy({ $0 >= 32 || [9, 10, 12, 13].contains($0) }) else { return nil }
    // A character may be cut at the end of what was read.
    guard (0...3).contains(where: { String(bytes: bytes.dropLast($0), encoding: .utf8) != nil }) else { return nil }
    let text = String(decoding: bytes.prefix(2048), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines.union(CharacterSet(charactersIn: "\u{FEFF}"))).lowercased()
    if text.hasPrefix("version https://git-lfs") { return .gitLFSPointer }
    if ["<!doctype html", "<html", "<head"].contains(where: text.hasPrefix)
      || text.hasPrefix("<") && text.contains("<html")
    {
      return .html
    }
    if text.hasPrefix("<?xml") || text.hasPrefix("<annotation") { return .xml }
    if text.hasPrefix("model_checkpoint_path:") { return .tensorFlow }
    return text.hasPrefix("{") || text.hasPrefix("[") ? .json : .text
  }

  /// Formats that begin with no bytes of their own: messages of protobuf, and TensorFlow's files.
  private static func binary(_ bytes: [UInt8], name: String) -> FileSignature? {
    if name.hasSuffix(".onnx") { return .onnx }
    if name.hasSuffix(".caffemodel") { return .caffe }
    if name.hasSuffix(".pb") || name.hasSuffix(".ckpt") || name.contains(".ckpt.") || name.contains(".data-0000")
      || name.hasSuffix(".index") || name.hasSuffix(".tflite")
    {
      return .tensorFlow
    }
    guard bytes.count > 4 else { return nil }
    // ModelProto: ir_version, then producer_name.
    if bytes[0] == 0x08, bytes[1] < 32, bytes[2] == 0x12 { return .onnx }
    // NetParameter: name, then a layer of the new or the old kind.
    let end = 2 + Int(bytes[1])
    if bytes[0] == 0x0A, end + 1 < bytes.count, bytes[2..<end].allSatisfy({ (32..<127).contains($0) }) {
      if bytes[end] == 0xA2, bytes[end + 1] == 0x06 || bytes[end] == 0x12 { return .caffe }
    }
    return nil
  }
}
