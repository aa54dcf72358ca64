import CMPI

/// What the MPI library tells about itself once it runs.
package enum MPIProperties {
  /// The thread level it was started with, as "MPI_THREAD_SERIALIZED".
  package static func threadLevel() throws(MessagePassingError) -> String {
    var level: Int32 = 0
    try MPICommunicator.check(cmpi_thread_level(&level), "MPI_Query_thread", rank: -1)
    return "MPI_THREAD_" + ["SINGLE", "FUNNELED", "SERIALIZED", "MULTIPLE"][Int(level)]
  }

  /// How many processes the launcher has slots for; nil when it does not say.
  package static func universeSize() throws(MessagePassingError) -> Int? {
    var size: Int32 = 0
    try MPICommunicator.check(cmpi_universe_size(&size), "MPI_Comm_get_attr", rank: -1)
    return size > 0 ? Int(size) : nil
  }

  /// The value of a setting, as "btl_tcp_if_include"; nil when the library has none of that name, or cannot tell.
  package static func parameter(_ name: String) -> String? {
    var text = [CChar](repeating: 0, count: 4096)
    text[0] = CChar(bitPattern: 0xFF)
    guard cmpi_parameter(name, &text, Int32(text.count)) == 0, text[0] != CChar(bitPattern: 0xFF) else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
