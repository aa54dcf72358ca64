/// How many pixels an image file may hold to be decoded: a damaged or malicious header cannot ask for more memory.
public struct ImageLimit: Sendable, Equatable, CustomStringConvertible {
  /// Pixels, width times height.
  public let pixelCount: Int
  /// What sets the limit, for messages; nothing when nobody can.
  public let setting: String?

  /// The limit of ``Image/largestPixelCount``.
  public init() {
    self.init(pixelCount: Image.largestPixelCount, setting: nil)
  }

  /// Sets a limit.
  public init(pixelCount: Int, setting: String?) {
    (self.pixelCount, self.setting) = (pixelCount, setting)
  }

  /// For files whose pixels are not wanted, or whose size was judged before.
  public static let none = ImageLimit(pixelCount: .max, setting: nil)

  /// "allowed are 89478485 in all", and what would allow more.
  public var description: String {
    "allowed are \(pixelCount) in all\(setting.map { ", set by \($0)" } ?? "")"
  }
}
