/// How many pixels an image file may hold to be decoded: a damaged or malicious header cannot ask for more memory.
package struct ImageLimit: Sendable, Equatable, CustomStringConvertible {
  /// Pixels, width times height.
  package let pixelCount: Int
  /// What sets the limit, for messages; nothing when nobody can.
  package let setting: String?

  /// The limit of ``Image/largestPixelCount``.
  package init() {
    self.init(pixelCount: Image.largestPixelCount, setting: nil)
  }

  /// Sets a limit.
  package init(pixelCount: Int, setting: String?) {
    (self.pixelCount, self.setting) = (pixelCount, setting)
  }

  /// For files whose pixels are not wanted, or whose size was judged before.
  package static let none = ImageLimit(pixelCount: .max, setting: nil)

  /// "allowed are 89478485 in all", and what would allow more.
  package var description: String {
    "allowed are \(pixelCount) in all\(setting.map { ", set by \($0)" } ?? "")"
  }
}
