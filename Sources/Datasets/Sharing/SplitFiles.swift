import Files
import Images

/// The small files of a split: annotations, and headers of images.
///
/// What a ``ReadingTeam`` has read ahead is taken from there; any other file is read when it is asked for. So a file that one reader cannot
/// read is tried by each, and the messages are those of a reader that is alone.
struct SplitFiles {
  /// An image of a split, by the files that will be read.
  struct Entry {
    /// The file of the image's annotation, where each image has one.
    var annotation: String?
    let image: String?
  }

  private let limit: ImageLimit
  private let team: ReadingTeam
  private let willRead: (String) -> Void
  private var annotations: [String: [UInt8]] = [:]
  private var headers: [String: ImageHeader] = [:]
  private var darkness: [String: DarkImage] = [:]

  /// - Parameters:
  ///   - limit: how large images may be.
  ///   - willRead: called with the path of each image file before it is opened.
  init(_ limit: ImageLimit, _ team: ReadingTeam, willRead: @escaping (String) -> Void) {
    (self.limit, self.team, self.willRead) = (limit, team, willRead)
  }

  /// Reads files before they are asked for, each by one of the team. Collective; nothing is read when the team is one reader.
  ///
  /// - Parameter list: finds the same images for all readers; a reader that has found others is not heard.
  mutating func readAhead(_ list: () -> [Entry]) {
    guard team.count > 1 else { return }
    let entries = list()
    var table = SplitTable(entries)
    for index in team.share(of: entries.count) { table.append(read(entries[index])) }
    for (reader, bytes) in team.exchange(table.bytes).enumerated() {
      let share = ReadingTeam(count: team.count, index: reader, exchange: team.exchange).share(of: entries.count)
      for (entry, content) in zip(entries[share], table.contents(of: bytes)) { take(content, of: entry) }
    }
  }

  private func read(_ entry: Entry) -> SplitTable.Content {
    var content = SplitTable.Content()
    if let annotation = entry.annotation,
      let bytes = try? FileContent.bytes(of: annotation, upTo: SplitTable.longest + 1),
      bytes.count <= SplitTable.longest
    {
      content.annotation = bytes
    }
    if let image = entry.image {
      willRead(image)
      content.header = try? ImageHeader(ofFile: image, limit: limit)
      if let header = content.header, header.bitDepth > 8 { content.darkness = DarkImage(image, limit: limit) }
    }
    return content
  }

  private mutating func take(_ content: SplitTable.Content, of entry: Entry) {
    if let annotation = entry.annotation { annotations[annotation] = content.annotation }
    guard let image = entry.image else { return }
    headers[image] = content.header
    darkness[image] = content.darkness
  }

  /// An annotation that was read ahead, once; nothing for another one.
  mutating func annotation(_ path: String) -> [UInt8]? { annotations.removeValue(forKey: path) }

  /// The header of an image file.
  ///
  /// - Throws: `ImageError`.
  func header(of image: String) throws -> ImageHeader {
    if let header = headers[image] { return header }
    willRead(image)
    return try ImageHeader(ofFile: image, limit: limit)
  }

  /// What is to be said of images of 16 bits a sample that are read as nearly black: the first, with the number of the others.
  func darkImages(among images: [String]) -> DatasetError? {
    let others = images.filter { darkness[$0] == nil }
    let read = Dictionary(zip(others, DarkImage.all(others, limit: limit, willRead: willRead))) { first, _ in first }
    return DatasetError.darkImages(images.map { (darkness[$0] ?? read[$0])?.error(of: $0) })
  }
}
