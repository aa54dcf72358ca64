import Files

/// What a file of torch.save is made of: an object, and the bytes of the storages it refers to.
struct PyTorchContainer {
  let object: PickleValue
  let heap: PickleHeap
  /// By key.
  let storages: [String: StoredBytes]
  /// What our own export has beside the weights; else empty.
  let metadata: [UInt8]

  /// The entry of an archive with ``metadata``.
  static let metadataEntry = "extra/multibox.json"
  private static let maximumMetadataByteCount = 16 << 20

  /// Reads the zip form, of since version 1.6.
  init(archive file: Descriptor, byteCount: Int) throws(FileError) {
    let archive = try ZipArchive(file, byteCount: byteCount)
    let objects = archive.entries.filter {
      $0.name.hasSuffix("/data.pkl") && $0.name.utf8.count(where: { $0 == 0x2F }) == 1
    }
    guard objects.count == 1 else {
      throw FileError(file.path, "a zip archive, but not of torch.save: it has \(objects.count) entries X/data.pkl")
    }
    let folder = String(objects[0].name.dropLast("data.pkl".count))
    let entries = Dictionary(archive.entries.map { ($0.name, $0) }) { first, _ in first }
    if entries[folder + "constants.pkl"] != nil {
      throw FileError(file.path, FileSignature.torchScript.refusalAsSafetensors(file.path) ?? "")
    }
    func place(_ entry: ZipArchive.Entry) throws(FileError) -> StoredBytes {
      StoredBytes(range: try archive.place(of: entry), checksum: entry.checksum, name: "entry '\(entry.name)'")
    }
    /// A short entry, verified.
    func content(_ name: String, limit: Int) throws(FileError) -> [UInt8] {
      guard let entry = entries[folder + name] else { return [] }
      guard entry.byteCount <= limit else { throw FileError(file.path, "entry '\(entry.name)' is too long") }
      let bytes = try place(entry)
      try bytes.verify(file)
      return try file.exactBytes(at: bytes.range.lowerBound, count: bytes.range.count)
    }
    if case let order = try content("byteorder", limit: 64), !order.isEmpty, order != Array("little".utf8) {
      throw FileError(file.path, "was written by a big-endian machine, whose numbers are not supported")
    }
    guard objects[0].byteCount <= PickleBytes.maximumByteCount else {
      throw FileError(file.path, "data.pkl has \(objects[0].byteCount) bytes; a file of weights has less than 64 MiB")
    }
    let pickle = try place(objects[0])
    try pickle.verify(file)
    var machine = PickleMachine(PickleBytes(file, pickle.range, name: "data.pkl"))
    object = try machine.run()
    heap = machine.heap
    var storages: [String: StoredBytes] = [:]
    for storage in heap.storages where storages[storage.key] == nil {
      guard let entry = entries["\(folder)data/\(storage.key)"] else {
        throw FileError(file.path, "the archive has no entry '\(folder)data/\(storage.key)', which data.pkl refers to")
      }
      storages[storage.key] = try place(entry)
    }
    self.storages = storages
    metadata = try content(Self.metadataEntry, limit: Self.maximumMetadataByteCount)
  }

  /// Reads the legacy form: five pickles, then for every key of the last one the number of elements and the elements.
  init(legacy file: Descriptor, byteCount: Int) throws(FileError) {
    var position = 0
    func pickle(_ name: String) throws(FileError) -> (PickleMachine, PickleValue) {
      var machine = PickleMachine(PickleBytes(file, position..<byteCount, name: name))
      let value = try machine.run()
      position = machine.bytes.position
      return (machine, value)
    }
    let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    guard case .longInteger(magic) = try pickle("the first pickle").1 else {
      throw FileError(file.path, "a Python pickle, but not of torch.save")
    }
    guard try pickle("the pickle of the protocol").1.integer == 1001 else {
      throw FileError(file.path, "a protocol of torch.save other than 1001 is not supported")
    }
    let (machine, system) = try pickle("the pickle of the system")
    for case ("little_endian", .truth(false)) in machine.heap.entries(system) ?? [] {
      throw FileError(file.path, "was written by a big-endian machine, whose numbers are not supported")
    }
    let (objects, object) = try pickle("the pickle of the object")
    let (list, value) = try pickle("the pickle of the storages")
    guard let keys = list.heap.sequence(value) else { throw list.fault("no list of storages") }
    var types: [String: ElementType] = [:]
    for storage in objects.heap.storages {
      guard types.updateValue(storage.type, forKey: storage.key) ?? storage.type == storage.type else {
        throw FileError(file.path, "storage \(storage.key) has two types of elements")
      }
    }
    var storages: [String: StoredBytes] = [:]
    for value in keys {
      let key = value.text ?? value.integer.map(String.init) ?? ""
      if let name = objects.heap.unsupportedStorages[key] {
        throw FileError(file.path, "storage \(key) is of class '\(name)', which is not supported")
      }
      guard let type = types[key] else { throw list.fault("a storage that no tensor uses") }
      guard position <= byteCount - 8 else {
        throw FileError(file.path, "ends before storage \(key): the file is cut off")
      }
      let count = try file.exactBytes(at: position, count: 8).number(at: 0, bytes: 8)
      position += 8
      guard count >= 0, count <= (byteCount - position) / type.byteCount else {
        throw FileError(
          file.path,
          "storage \(key) of \(count) \(type.rawValue) elements goes beyond the end of the file: it is cut off")
      }
      let range = position..<position + count * type.byteCount
      guard storages.updateValue(StoredBytes(range: range, checksum: nil, name: "storage \(key)"), forKey: key) == nil
      else {
        throw FileError(file.path, "storage \(key) is there twice")
      }
      position = range.upperBound
    }
    guard position == byteCount else {
      throw FileError(
        file.path, "\(Quantities.count(byteCount - position, "byte")) behind the last storage: the file is damaged")
    }
    for storage in objects.heap.storages where storages[storage.key] == nil {
      throw FileError(file.path, "storage \(storage.key) is missing")
    }
    (self.object, heap, self.storages, metadata) = (object, objects.heap, storages, [])
  }
}
