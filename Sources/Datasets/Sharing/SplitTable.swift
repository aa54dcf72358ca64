import Files
import Images

/// What one reader of a team has read, as bytes for the others.
///
/// Layout, all numbers little-endian: the SHA-256 of all paths in 64 digits; then for each file of the reader's share a byte of flags, of an
/// annotation its length in four bytes and its bytes, of a header width and height in four bytes each, orientation and bits of a sample in
/// one each, and of a dark image the length of the reason in four bytes and its UTF-8.
struct SplitTable {
  /// What is known of an image of a split; nothing of what could not be read.
  struct Content: Equatable {
    var annotation: [UInt8]?
    var header: ImageHeader?
    var darkness: DarkImage?
  }

  /// The longest annotation that is sent, in bytes; each reader reads a longer one itself.
  static let longest = 1 << 20

  private struct Flags: OptionSet {
    let rawValue: UInt8
    static let annotation = Flags(rawValue: 1)
    static let header = Flags(rawValue: 2)
    static let isBright = Flags(rawValue: 4)
    static let isDark = Flags(rawValue: 8)
  }

  /// What there is to send.
  private(set) var bytes: [UInt8]
  private let identity: [UInt8]

  /// An empty table of the entries, of which others have the same.
  init(_ entries: [SplitFiles.Entry]) {
    let hash = SHA256()
    for entry in entries {
      for path in [entry.annotation, entry.image] {
        (Array((path ?? "").utf8) + [0]).withUnsafeBytes { hash.update($0) }
      }
    }
    identity = Array(hash.finish().utf8)
    bytes = identity
  }

  mutating func append(_ content: Content) {
    var flags: Flags = []
    if content.annotation != nil { flags.insert(.annotation) }
    if content.header != nil { flags.insert(.header) }
    if let darkness = content.darkness { flags.insert(darkness.reason == nil ? .isBright : .isDark) }
    bytes.append(flags.rawValue)
    if let annotation = content.annotation { append(annotation) }
    if let header = content.header {
      append(header.width)
      append(header.height)
      bytes += [UInt8(header.orientation), UInt8(header.bitDepth)]
    }
    if let reason = content.darkness?.reason { append(Array(reason.utf8)) }
  }

  private mutating func append(_ text: [UInt8]) {
    append(text.count)
    bytes += text
  }

  private mutating func append(_ number: Int) {
    withUnsafeBytes(of: UInt32(number).littleEndian) { bytes += $0 }
  }

  /// What another reader has sent, in the order of its share; nothing when it has read other files.
  func contents(of message: [UInt8]) -> [Content] {
    guard message.starts(with: identity) else { return [] }
    var rest = message[identity.count...]
    var contents: [Content] = []
    while let content = Self.content(&rest) { contents.append(content) }
    return contents
  }

  private static func content(_ rest: inout ArraySlice<UInt8>) -> Content? {
    guard let flags = rest.popFirst().map(Flags.init) else { return nil }
    var content = Content()
    if flags.contains(.annotation) {
      guard let text = text(&rest) else { return nil }
      content.annotation = text
    }
    if flags.contains(.header) {
      guard let width = number(&rest), let height = number(&rest), let orientation = rest.popFirst(),
        let depth = rest.popFirst()
      else { return nil }
      content.header = ImageHeader(
        width: width, height: height, orientation: Int(orientation), bitDepth: Int(depth))
    }
    if flags.contains(.isBright) { content.darkness = DarkImage(reason: nil) }
    if flags.contains(.isDark) {
      guard let reason = text(&rest) else { return nil }
      content.darkness = DarkImage(reason: String(decoding: reason, as: UTF8.self))
    }
    return content
  }

  private static func text(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard let count = number(&rest), count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
    guard rest.count >= 4 else { return nil }
    defer { rest = rest.dropFirst(4) }
    return rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
