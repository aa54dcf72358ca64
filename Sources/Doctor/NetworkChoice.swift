/// Which networks Open MPI may use between machines. It takes all that are up, unless told otherwise; addresses that only look as if
/// they could be reached make a job hang.
package struct NetworkChoice {
  private let hosts: [String]
  private let interfaces: [[NetworkInterface]]

  /// - Parameters:
  ///   - hosts: the machines, each once.
  ///   - interfaces: of each machine.
  ///   - launch: of rank 0.
  package init(hosts: [String], interfaces: [[NetworkInterface]], launch: LaunchFacts) {
    let (include, exclude) = (
      launch.parameters["btl_tcp_if_include"] ?? "", launch.parameters["btl_tcp_if_exclude"] ?? ""
    )
    self.hosts = hosts
    self.include = include
    self.interfaces = interfaces.map { list in
      list.filter { include.isEmpty ? !$0.isListed(in: exclude) : $0.isListed(in: include) }
    }
  }

  private let include: String

  /// A network that all machines have a true interface in.
  private var common: String? {
    guard let first = interfaces.first else { return nil }
    return first.filter { !$0.isVirtual }.map(\.network).first { network in
      interfaces.allSatisfy { $0.contains { !$0.isVirtual && $0.network == network } }
    }
  }

  private var remedy: String {
    let choice = common ?? "NETWORK/BITS"
    return "mpirun --mca btl_tcp_if_include \(choice) --mca oob_tcp_if_include \(choice)"
  }

  /// Judges the networks of a job on several machines.
  package var finding: Finding {
    let described = Set(interfaces.joined().map { "\($0.name) (\($0.network))" }).sorted().joined(separator: ", ")
    for (index, own) in interfaces.enumerated() {
      for interface in own {
        if let other = interfaces.indices.first(where: { other in
          other != index && interfaces[other].contains { $0.address == interface.address }
        }) {
          return .warning(
            "networks",
            "\(hosts[index]) and \(hosts[other]) both have the address \(NetworkInterface.text(interface.address)) (\(interface.name)); messages there never arrive",
            remedy: remedy)
        }
      }
    }
    let virtual = Set(interfaces.joined().filter(\.isVirtual).map(\.name)).sorted()
    if !virtual.isEmpty {
      return .warning(
        "networks",
        "Open MPI may try \(virtual.joined(separator: ", ")), by which other hosts can hardly be reached, among \(described)",
        remedy: remedy)
    }
    if let lonely = interfaces.firstIndex(where: \.isEmpty) {
      return .warning(
        "networks", "\(hosts[lonely]) has no interface\(include.isEmpty ? "" : " in \(include)") for messages over TCP",
        remedy: remedy)
    }
    return .ok("networks", "\(described)\(include.isEmpty ? "" : ", chosen by btl_tcp_if_include \(include)")")
  }
}
