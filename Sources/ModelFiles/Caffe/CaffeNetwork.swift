import Files

/// The layers of a Caffe network that have blobs, and where their elements are in the file.
///
/// ### Source
/// weiliu89/caffe, branch ssd, `src/caffe/proto/caffe.proto` and `Blob::FromProto`.
struct CaffeNetwork {
  /// An array of numbers of a layer.
  struct Blob {
    /// Extents, outermost first.
    let shape: [Int]
    let type: ElementType
    /// Runs of its elements, one after the other.
    let ranges: [Range<Int>]
  }

  /// A layer with blobs.
  struct Layer {
    let name: String
    /// The name of its type: "Convolution".
    let type: String
    let blobs: [Blob]
  }

  /// In the order of the file.
  private(set) var layers: [Layer] = []

  /// The most blobs, and the most runs of elements of a blob, which a message may cut into any number.
  private static let maximumBlobCount = 100_000
  private static let maximumRangeCount = 1 << 16

  private let file: Descriptor
  private var blobCount = 0

  /// Reads a `NetParameter`.
  ///
  /// - Throws: `FileError` for what is none, and for networks of before 2014.
  init(_ file: Descriptor, byteCount: Int) throws(FileError) {
    self.file = file
    var reader = WireReader(file, 0..<byteCount)
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (100, .bytes(let range)): try addLayer(range, Self.fields)
      case (2, .bytes(let range)): try addLayer(range, Self.oldFields)
      default: continue
      }
    }
  }

  /// The numbers of the fields of a layer.
  private typealias Fields = (name: Int, type: Int, blobs: Int, oldest: Int)
  private static let fields: Fields = (1, 2, 7, -1)
  private static let oldFields: Fields = (4, 5, 6, 1)

  /// The types of layers with blobs by their numbers in old networks.
  private static let oldTypes: [UInt64: String] = [4: "Convolution", 14: "InnerProduct", 39: "Deconvolution"]

  private mutating func addLayer(_ range: Range<Int>, _ fields: Fields) throws(FileError) {
    var reader = WireReader(file, range)
    var (name, type, blobs) = ("", "", [Blob]())
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (fields.name, .bytes(let range)): name = try reader.text(range)
      case (fields.type, .bytes(let range)): type = try reader.text(range)
      case (fields.type, .number(let number)): type = Self.oldTypes[number] ?? "number \(number)"
      case (fields.blobs, .bytes(let range)): blobs.append(try blob(range, of: name))
      case (fields.oldest, .bytes):
        throw FileError(
          file.path,
          "a Caffe network of the oldest form, of before 2014: convert it by Caffe's upgrade_net_proto_binary")
      default: continue
      }
      guard blobCount + blobs.count <= Self.maximumBlobCount else {
        throw FileError(file.path, "more than \(Self.maximumBlobCount) blobs")
      }
    }
    blobCount += blobs.count
    if !blobs.isEmpty { layers.append(Layer(name: name, type: type, blobs: blobs)) }
  }

  private func blob(_ range: Range<Int>, of layer: String) throws(FileError) -> Blob {
    var reader = WireReader(file, range)
    var shape: [UInt64] = []
    /// Number, channels, height and width, which blobs of before 2014 have; where one is there, they are the shape.
    var oldShape: [UInt64]?
    var ranges: [ElementType: [Range<Int>]] = [:]
    func fault(_ reason: String) -> FileError { FileError(file.path, tensor: layer, reason) }
    while let field = try reader.next() {
      switch (field.number, field.content) {
      case (1...4, .number(let number)):
        if oldShape == nil { oldShape = [0, 0, 0, 0] }
        oldShape![field.number - 1] = number
      case (5, .bytes(let range)): ranges[.float32, default: []].append(range)
      case (8, .bytes(let range)): ranges[.float64, default: []].append(range)
      case (7, .bytes(let range)):
        var message = WireReader(file, range)
        while let extent = try message.next() {
          switch (extent.number, extent.content) {
          case (1, .number(let number)): shape.append(number)
          case (1, .bytes(let range)): shape += try message.numbers(range)
          default: continue
          }
          guard shape.count <= 32 else { throw fault("a blob of more than 32 dimensions") }
        }
      default: continue
      }
      guard ranges.values.allSatisfy({ $0.count <= Self.maximumRangeCount }) else {
        throw fault("a blob in more than \(Self.maximumRangeCount) pieces")
      }
    }
    let type: ElementType = ranges[.float64] != nil && ranges[.float32] == nil ? .float64 : .float32
    var count = 1
    var extents: [Int] = []
    for extent in oldShape ?? shape {
      guard let extent = Int(exactly: extent),
        case let (product, overflow) = count.multipliedReportingOverflow(by: extent),
        !overflow
      else { throw fault("a blob of shape \(oldShape ?? shape)") }
      count = product
      extents.append(extent)
    }
    let runs = ranges[type] ?? []
    let byteCount = runs.reduce(0) { $0 + $1.count }
    guard runs.allSatisfy({ $0.count.isMultiple(of: type.byteCount) }), byteCount / type.byteCount == count else {
      throw fault("a blob of shape \(extents) with \(byteCount) bytes")
    }
    return Blob(shape: extents, type: type, ranges: runs)
  }
}
