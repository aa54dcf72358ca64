/// A random case of `Tests/Fixtures/generate_pycocotools.py`, made as that script makes it, which also tells the kinds.
struct PycocotoolsCase {
  private static let kinds = ["plain", "grid", "crowds", "sizes", "many", "same", "zero", "thousands"]
  /// Lengths are whole numbers of millionths.
  private static let pixel = 1_000_000

  let kind: String
  /// Texts of the two files.
  private(set) var groundTruth = ""
  private(set) var results = ""
  private var numbers: Numbers

  init(seed: Int) {
    kind = Self.kinds[seed % Self.kinds.count]
    numbers = Numbers(state: UInt64(seed))
    write()
  }

  /// FNV-1a of both texts, with 64 bits.
  var digest: String {
    let value = (groundTruth + results).utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private mutating func write() {
    let times = kind == "thousands" ? 30 : 1
    let imageCount = 1 + numbers.below(6)
    let images = numbers.shuffled(Array(1..<100), count: imageCount)
    let categoryCount = 1 + numbers.below(4)
    let categories = numbers.shuffled(Array(1..<30), count: categoryCount)
    var identifiers = numbers.shuffled(Array(1..<2000), count: 1200)[...]
    var (annotations, records) = ([String](), [String]())
    for image in images {
      var objects: [(category: Int, size: [Int])] = []
      for _ in 0..<numbers.pick([0, 0, 1, 2, 4, 6]) * times {
        let size = box()
        let category = numbers.pick(categories.count > 1 ? Array(categories.dropFirst()) : categories)
        let crowd = numbers.below(100) < (kind == "crowds" ? 33 : 5) ? 1 : 0
        var text = reference(image, category, size) + ", \"iscrowd\": \(crowd), \"area\": \(area(of: size))"
        if kind == "crowds" && numbers.below(5) == 0 { text += ", \"ignore\": 1" }
        let identifier = kind == "zero" && annotations.isEmpty ? 0 : identifiers.removeFirst()
        annotations.append("{\(text), \"id\": \(identifier)}")
        objects.append((category, size))
      }
      let count =
        kind == "many" && image == images[0] ? 130 : numbers.pick([0, 1, 3, 6, 9]) * (times > 1 ? 100 : 1)
      for _ in 0..<count { records.append(detection(in: image, of: categories, objects)) }
    }
    annotations = numbers.shuffled(annotations, count: annotations.count)
    records = numbers.shuffled(records, count: records.count)
    if records.isEmpty { records.append("{\(reference(images[0], categories[0], box())), \"score\": 0.5}") }
    let lists = [
      ("images", images.map { "{\"id\": \($0)}" }),
      ("categories", categories.map { "{\"id\": \($0), \"name\": \"class \($0)\"}" }), ("annotations", annotations),
    ]
    groundTruth = "{" + lists.map { "\"\($0)\": [\($1.joined(separator: ", "))]" }.joined(separator: ", ") + "}"
    results = "[\(records.joined(separator: ", "))]"
  }

  private mutating func detection(
    in image: Int, of categories: [Int], _ objects: [(category: Int, size: [Int])]
  ) -> String {
    let near = !objects.isEmpty && numbers.below(4) > 0 ? numbers.pick(objects) : nil
    let category: Int
    if let near, numbers.below(5) > 0 {
      category = near.category
    } else {
      category = numbers.pick(categories.count > 1 ? Array(categories.dropLast()) : categories)
    }
    let score: String
    if kind == "grid" {
      score = Self.decimal(2 * (1 + numbers.below(5)), 1)
    } else if numbers.below(2) == 0 {
      score = Self.decimal(numbers.below(1_000_000_000_000_000), 15)
    } else {
      score = Self.decimal(numbers.below(100), 2)
    }
    return "{\(reference(image, category, box(near: near?.size))), \"score\": \(score)}"
  }

  private mutating func box() -> [Int] {
    if kind == "grid" {
      return [40, 40, 20, 20].map { bound in (bound / 20 + numbers.below(bound)) * Self.pixel }
    }
    let side = 4 << numbers.below(7)
    let start = [30000, 20000].map { bound in 100 * Self.pixel + numbers.below(bound) * 10_000 }
    return start + (0..<2).map { _ in side * (60 + numbers.below(101)) * 10_000 }
  }

  private mutating func box(near: [Int]?) -> [Int] {
    guard let near else { return box() }
    if kind == "same" && numbers.below(10) < 7 { return near }
    if kind == "grid" {
      let shifts = (0..<4).map { _ in numbers.pick([1, 1, 1, 2, 3, 0]) }
      return zip(near, shifts).map { max($0 + ($1 - 1) * Self.pixel, Self.pixel) }
    }
    let spread = numbers.pick([20, 80, 200])
    var result = zip(near.prefix(2), near.suffix(2)).map { start, side in
      start + side * numbers.below(2 * spread + 1) / 1000 - side * spread / 1000
    }
    result += near.suffix(2).map { side in side * (1000 - spread + numbers.below(2 * spread + 1)) / 1000 }
    return numbers.below(10) == 0 ? result : result.map { $0 / 10_000 * 10_000 }
  }

  private mutating func area(of size: [Int]) -> String {
    let whole = size[2] * size[3]
    if kind == "sizes" {
      let limits = ["1024", "1024.0", "1023.9999", "1024.0001", "9216", "9215.5", "9216.5", "0", "500000"]
      let index = numbers.below(limits.count + 1)
      return index < limits.count ? limits[index] : Self.decimal(whole, 12)
    }
    return Self.decimal(numbers.below(2) == 0 ? whole : whole / 1000 * (500 + numbers.below(501)), 12)
  }

  private func reference(_ image: Int, _ category: Int, _ size: [Int]) -> String {
    let box = size.map { Self.decimal($0, 6) }.joined(separator: ", ")
    return "\"image_id\": \(image), \"category_id\": \(category), \"bbox\": [\(box)]"
  }

  /// A whole number of units of the last decimal as text.
  private static func decimal(_ value: Int, _ decimals: Int) -> String {
    let unit = (0..<decimals).reduce(1) { product, _ in product * 10 }
    let fraction = String(value % unit)
    return "\(value / unit)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }
}

/// SplitMix64, as the script has it.
private struct Numbers {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

  /// The first `count` values of a random order.
  mutating func shuffled<Value>(_ values: [Value], count: Int) -> [Value] {
    var values = values
    for index in 0..<count { values.swapAt(index, index + below(values.count - index)) }
    return Array(values.prefix(count))
  }
}
