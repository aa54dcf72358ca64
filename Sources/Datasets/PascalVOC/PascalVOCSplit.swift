/// The images that one file under `ImageSets/Main` lists.
///
/// A line is the name of an image, which may have blanks. It may be in double quotes, as CVAT writes names with blanks, have
/// the extension of an image, and have directories in front, with either slash.
///
/// The class files of the challenge (`dog_trainval.txt`) add 1, −1 or 0 behind each name: present, absent, only difficult.
/// They list every image of their split; what is in an image is the annotation's to say, so all images are taken. As names
/// may end in such a number too, the whole line is the name where there is such an image; what else a line may mean is
/// noted.
struct PascalVOCSplit {
  struct Entry: Equatable {
    let name: PascalVOCDirectories.Name
    let line: Int
    /// What the line says, without quotes and flag.
    let text: String
    /// Whether a number was taken for a class flag in a list that has lines without.
    let isUnsure: Bool
  }

  let path: String
  private(set) var entries: [Entry] = []
  /// Lines that name nothing that is there.
  private var missing = MissingFiles(
    "images, with their annotations,", extensions: Set(PascalVOCDirectories.imageExtensions + ["xml"]), tellsFirst: true
  )

  /// Looks up what each line means.
  ///
  /// - Parameter log: takes lines that mean nothing or several things.
  init(_ file: PascalVOCSplitFile, in directories: inout PascalVOCDirectories, log: inout FaultLog) throws(DatasetError)
  {
    path = file.path
    let lines = file.lines
    let meanings = lines.map { $0.meanings(in: &directories) }
    let hasFlags = lines.allSatisfy(\.mayHaveFlag)
    let needsFlags = meanings.contains { $0.whole == nil && $0.beforeFlag != nil }
    let quotesNames = lines.contains(where: \.hasFlagBehindQuotes)
    var repairs = FaultTally()
    for (line, meaning) in zip(lines, meanings) {
      let place = AnnotationPlace(file: path, line: line.number)
      switch (meaning.whole, meaning.beforeFlag) {
      case (let whole?, nil):
        entries.append(Entry(name: whole, line: line.number, text: line.text, isUnsure: false))
      case (nil, let name?):
        if !hasFlags {
          let reason =
            "\"\(line.text)\" is taken for image \(name.identifier) with a class flag, as there is no image of the whole name; other lines have no flag"
          try log.note(.ambiguousName, place.error(reason))
        }
        entries.append(Entry(name: name, line: line.number, text: line.textBeforeFlag ?? "", isUnsure: !hasFlags))
      case (.some, let name?) where quotesNames:
        // A program that puts names with blanks in quotes means a flag by a number without them.
        entries.append(Entry(name: name, line: line.number, text: line.textBeforeFlag ?? "", isUnsure: false))
      case (let whole?, let name?):
        let reason =
          "\"\(line.text)\" may be image \(whole.identifier), or image \(name.identifier) with a class flag"
        let remedy = "write the name in double quotes"
        if hasFlags, needsFlags {
          try log.note(.unreadableSplit, place.error("\(reason), as other lines have one; \(remedy)"))
          continue
        }
        if hasFlags { try log.note(.ambiguousName, place.error("\(reason); the first is taken, else \(remedy)")) }
        entries.append(Entry(name: whole, line: line.number, text: line.text, isUnsure: false))
      case (nil, nil):
        missing.add(
          PascalVOCDirectories.stem(of: hasFlags ? line.textBeforeFlag ?? line.text : line.text),
          place.error(line.reasonForNoImage(in: &directories, hasFlags: hasFlags)))
        continue
      }
      if let entry = entries.last, entry.line == line.number, directories.isElsewhere(entry.name) {
        let reason =
          "\"\(entry.text)\" is taken for image \(entry.name.identifier), as there is no \(entry.name.directories)/\(entry.name.identifier)"
        repairs.add(.otherPath, place.error(reason))
      }
    }
    try repairs.empty(into: &log)
    try missing.note(in: &log, total: lines.count, directories: directories.places, root: directories.root)
  }
}
