import Foundation

/// Sends and receives datagrams by calls that never block: one file for any number of other machines.
final class DatagramSocket {
  /// A place that datagrams go to and come from, in network order.
  struct Address: Hashable {
    let host: UInt32
    let port: UInt16

    fileprivate var system: sockaddr_in {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = host
      address.sin_port = port
      return address
    }
  }

  /// The port that the system has chosen, on every address of the machine, in network order.
  let port: UInt16
  private let descriptor: Int32

  /// Nil when the system has none.
  init?() {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    var address = Address(host: 0, port: 0).system
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isOpen = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    port = address.sin_port
    if !isOpen { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Sends bytes, which may be lost.
  func send(_ bytes: [UInt8], to address: Address) {
    var system = address.system
    withUnsafePointer(to: &system) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// The next datagram that has arrived, if any; of one that is longer than `most` bytes one byte more.
  func receive(upTo most: Int) -> (bytes: [UInt8], from: Address)? {
    var bytes = [UInt8](repeating: 0, count: most + 1)
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    while true {
      let count = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(descriptor, &bytes, bytes.count, 0, $0, &length)
        }
      }
      if count >= 0 {
        return (Array(bytes[..<count]), Address(host: address.sin_addr.s_addr, port: address.sin_port))
      }
      // What went to a port that is closed by now comes back as an error, once.
      if errno != EINTR, errno != ECONNREFUSED { return nil }
    }
  }

  /// The IPv4 addresses of this machine, in network order.
  ///
  /// - Parameter forOtherHosts: without those that mean each host itself, if there are others.
  static func ownAddresses(forOtherHosts: Bool) -> [UInt32] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var addresses: [UInt32] = []
    var next = list
    while let entry = next?.pointee {
      if let address = entry.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) {
        addresses.append(
          address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr })
      }
      next = entry.ifa_next
    }
    let outside = addresses.filter { UInt32(bigEndian: $0) >> 24 != 127 }
    return forOtherHosts && !outside.isEmpty ? outside : addresses
  }
}
