import Foundation

extension Communicator {
  /// A value of every rank, in rank order, at all ranks.
  package func allGatherCodable<Value: Codable>(_ value: Value) throws -> [Value] {
    let texts = try allGather(String(decoding: JSONEncoder().encode(value), as: UTF8.self))
    return try texts.map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
  }
}
