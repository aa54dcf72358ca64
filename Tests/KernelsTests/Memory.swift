import Glibc

/// What a kernel reads or writes, amid numbers that it may not touch.
///
/// The surroundings, and what has no value yet, are filled with signalling NaN. A kernel that computes with them shows it in its result, and
/// one that writes what it has computed from them makes them quiet. The first element lies at a cache line, or up to three behind one.
final class Memory<Element: BitwiseCopyable> {
  /// Elements that are the kernel's.
  let count: Int
  /// The first of them.
  let start: UnsafeMutablePointer<Element>

  private let all: UnsafeMutableBufferPointer<Element>
  private let before: UnsafeMutableBufferPointer<Element>
  private let offset: Int
  private var isResult: [Bool]

  private static var margin: Int { 64 }
  private static var signallingNaN: UInt32 { 0x7FA5_A5A5 }

  /// Memory without values.
  init(_ count: Int) {
    self.count = count
    offset = Self.margin + count % 4
    func allocate(_ count: Int) -> UnsafeMutableBufferPointer<Element> {
      let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: count * MemoryLayout<Element>.stride, alignment: 64)
      for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: Self.signallingNaN >> (index % 4 * 8)) }
      return bytes.bindMemory(to: Element.self)
    }
    all = allocate(offset + count + Self.margin)
    before = allocate(all.count)
    start = all.baseAddress! + offset
    isResult = [Bool](repeating: false, count: all.count)
  }

  /// Memory with values.
  convenience init(_ values: [Element]) {
    self.init(values.count)
    for index in values.indices { self[index] = values[index] }
  }

  deinit {
    all.deallocate()
    before.deallocate()
  }

  /// The kernel's elements as they are; setting one is not what is looked for as a change.
  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "element \(index) of \(count)")
      return start[index]
    }
    set {
      precondition(index >= 0 && index < count, "element \(index) of \(count)")
      start[index] = newValue
      before[offset + index] = newValue
    }
  }

  /// The elements as they were set.
  func initial(_ index: Int) -> Element { before[offset + index] }

  /// Notes that the kernel may write an element.
  func markResult(_ index: Int) { isResult[offset + index] = true }
}

/// Memory that knows which changes nobody has expected.
protocol WatchedMemory {
  /// The first element that has changed and is no result, counted from the first that is the kernel's.
  var strayChange: Int? { get }
}

extension Memory: WatchedMemory {
  var strayChange: Int? {
    let size = MemoryLayout<Element>.stride
    let (now, then) = (UnsafeRawPointer(all.baseAddress!), UnsafeRawPointer(before.baseAddress!))
    return all.indices.first { !isResult[$0] && memcmp(now + $0 * size, then + $0 * size, size) != 0 }.map {
      $0 - offset
    }
  }
}
