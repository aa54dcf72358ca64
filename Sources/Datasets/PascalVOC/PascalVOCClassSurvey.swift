import Foundation

/// The names of classes that the annotations of roots have, for a message about one that the configuration has not.
struct PascalVOCClassSurvey {
  /// Annotation files that are read at most.
  private static let fileLimit = 20_000

  private let names: Set<String>
  /// Why the first annotation that adds no class adds none; nothing when all add some, or have no object.
  let firstFault: DatasetError?

  /// Reads the annotations of all splits; those that cannot be read are passed over.
  init(roots: [String]) {
    var names: Set<String> = []
    var fault: DatasetError?
    var count = 0
    for root in Set(roots) {
      // The enumerator does not enter a directory that is a link.
      let directory = RootNames.canonical("\(root)/Annotations")
      guard let files = FileManager.default.enumerator(atPath: directory) else { continue }
      for case let file as String in files where FileIndex.extension(of: file) == "xml" && count < Self.fileLimit {
        count += 1
        do throws(DatasetError) {
          let annotation = try PascalVOCAnnotation(contentsOf: "\(directory)/\(file)")
          names.formUnion(annotation.objects.map(\.name.content))
          fault = fault ?? annotation.brokenObjects.first ?? annotation.nestedObjects?.first
        } catch {
          fault = fault ?? error
        }
      }
    }
    (self.names, firstFault) = (names, fault)
  }

  /// By alphabet.
  var sorted: [String] { names.sorted() }

  /// The value of `data.classes` that has all of them, those that are configured first and in their order.
  func proposal(insteadOf classNames: [String]) -> String {
    FaultLog.classProposal(classNames.filter(names.contains) + names.subtracting(classNames).sorted())
  }
}
