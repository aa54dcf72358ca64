import Files
import Foundation

/// A network interface of a machine that is up and has an IPv4 address.
package struct NetworkInterface: Codable, Sendable, Equatable {
  /// "eth0".
  package var name: String
  /// The address, its first byte the highest.
  package var address: UInt32
  /// Bits of the address that its network has in common.
  package var prefix: Int
  /// Bytes sent and received since the system started.
  package var bytes: Int

  package init(name: String, address: UInt32, prefix: Int, bytes: Int) {
    self.name = name
    self.address = address
    self.prefix = prefix
    self.bytes = bytes
  }

  /// What chooses interfaces: a setting of Open MPI, and variables of what MPICH sends with, UCX or libfabric.
  static let choosers = ["btl_tcp_if_include"] + variables
  /// Those that are variables of the environment.
  static let variables = ["UCX_NET_DEVICES", "FI_TCP_IFACE"]

  /// The settings of the library that choose among interfaces.
  package static let parameters = ["btl_tcp_if_include", "btl_tcp_if_exclude"]

  /// Interfaces that belong to containers, virtual machines and tunnels, by the start of their names.
  private static let virtualNames = [
    "docker", "br-", "virbr", "veth", "cni", "flannel", "cali", "podman", "lxc", "lxd", "tun", "tap", "wg", "tailscale",
    "zt", "vmnet", "vboxnet", "vnet",
  ]

  /// Whether the name is that of an interface which other machines cannot be reached by, as a rule.
  package var isVirtual: Bool { Self.virtualNames.contains { name.hasPrefix($0) } }

  /// The network, as "10.0.0.0/24".
  package var network: String { "\(Self.text(address & mask))/\(prefix)" }

  package static func text(_ address: UInt32) -> String {
    (0..<4).map { String(address >> (24 - 8 * $0) & 255) }.joined(separator: ".")
  }

  private var mask: UInt32 { prefix == 0 ? 0 : ~0 << UInt32(32 - prefix) }

  /// The interfaces of this machine, the loopback excepted.
  package static func all() -> [NetworkInterface] {
    let traffic = bytes(inDeviceTable: SystemFile.text("/proc/net/dev") ?? "")
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var interfaces: [NetworkInterface] = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ifa_next
      let isUsed = entry.ifa_flags & UInt32(IFF_UP) != 0 && entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0
      guard isUsed, let address = entry.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
        let mask = entry.ifa_netmask
      else { continue }
      func word(_ address: UnsafeMutablePointer<sockaddr>) -> UInt32 {
        address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
      }
      let name = String(cString: entry.ifa_name)
      interfaces.append(
        NetworkInterface(
          name: name, address: word(address), prefix: word(mask).nonzeroBitCount, bytes: traffic[name] ?? 0))
    }
    return interfaces
  }

  /// Bytes received and sent by interface, from the text of /proc/net/dev.
  package static func bytes(inDeviceTable text: String) -> [String: Int] {
    var bytes: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let fields = parts[1].split(separator: " ").map { Int($0) }
      guard fields.count > 8, let received = fields[0], let sent = fields[8] else { continue }
      bytes[parts[0].trimmingCharacters(in: .whitespaces)] = received + sent
    }
    return bytes
  }

  /// The interface over which most bytes went between two looks; nil when hardly any went.
  package static func carrier(before: [NetworkInterface], after: [NetworkInterface]) -> String? {
    let growth = after.map { interface in
      (interface.name, interface.bytes - (before.first { $0.name == interface.name }?.bytes ?? 0))
    }
    return growth.max { $0.1 < $1.1 }.flatMap { $0.1 > 1 << 20 ? $0.0 : nil }
  }

  /// Whether one of a list like "eth0,10.0.0.0/8" means this interface.
  package func isListed(in list: String) -> Bool {
    list.split(separator: ",").contains { item in
      let parts = item.split(separator: "/")
      guard parts.count == 2, let bits = Int(parts[1]), (0...32).contains(bits) else { return item == name }
      let numbers = parts[0].split(separator: ".").compactMap { UInt32($0) }
      guard numbers.count == 4, numbers.allSatisfy({ $0 < 256 }) else { return false }
      let base = numbers.reduce(0) { $0 << 8 | $1 }
      return bits == 0 || (base ^ address) >> UInt32(32 - bits) == 0
    }
  }
}
