import Foundation

/// A TCP connection, or the place where connections arrive, whose calls never block.
final class Socket {
  let descriptor: Int32
  private var incoming: [UInt8] = []

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// A place for connections on a free port of every address of the machine; nil when there is none.
  static func listening() -> (socket: Socket, port: UInt16)? {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    let socket = Socket(descriptor)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isOpen = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, SOMAXCONN) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    return isOpen ? (socket, UInt16(bigEndian: address.sin_port)) : nil
  }

  /// The next connection that has arrived, if any.
  func accept() -> Socket? {
    let connection = Glibc.accept(descriptor, nil, nil)
    return connection >= 0 ? Socket(connection) : nil
  }

  /// Connects to an IPv4 address within `seconds`.
  static func connecting(to address: UInt32, port: UInt16, within seconds: Double) -> Socket? {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    let socket = Socket(descriptor)
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = port.bigEndian
    target.sin_addr.s_addr = address
    let status = withUnsafePointer(to: target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if status == 0 { return socket }
    guard errno == EINPROGRESS else { return nil }
    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&wait, 1, Int32(seconds * 1000)) == 1 else { return nil }
    var fault: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &fault, &length)
    return fault == 0 ? socket : nil
  }

  /// Sends bytes as far as the system takes them at once; a frame that is cut ends the connection.
  func send(_ bytes: [UInt8]) -> Bool {
    Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// The whole frames that have arrived, oldest first; nil when the other side has gone.
  func receive(frameBytes: Int) -> [ArraySlice<UInt8>]? {
    var buffer = [UInt8](repeating: 0, count: 16 * frameBytes)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 {
        incoming += buffer[..<count]
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        return nil
      } else {
        break
      }
    }
    let frames = stride(from: 0, through: incoming.count - frameBytes, by: frameBytes).map {
      incoming[$0..<$0 + frameBytes]
    }
    incoming.removeFirst(frames.count * frameBytes)
    return frames
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
