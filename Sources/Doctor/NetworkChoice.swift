import MessagePassing

/// Which networks MPI may use between machines. It takes all that are up, unless told otherwise; addresses that only look as if they
/// could be reached make a job hang.
package struct NetworkChoice {
  private let hosts: [String]
  private let interfaces: [[NetworkInterface]]

  /// - Parameters:
  ///   - hosts: the machines, each once.
  ///   - interfaces: of each machine.
  ///   - launch: of rank 0.
  ///   - mpi: the library that chooses.
  package init(
    hosts: [String], interfaces: [[NetworkInterface]], launch: LaunchFacts, mpi: MPILibrary = .built
  ) {
    let chooser = NetworkInterface.choosers.first { launch.parameters[$0]?.isEmpty == false }
    let include = chooser.flatMap { launch.parameters[$0] } ?? ""
    let exclude = launch.parameters["btl_tcp_if_exclude"] ?? ""
    self.hosts = hosts
    self.include = include
    self.chooser = chooser
    self.mpi = mpi
    self.interfaces = interfaces.map { list in
      list.filter { include.isEmpty ? !$0.isListed(in: exclude) : $0.isListed(in: include) }
    }
  }

  private let include: String
  private let chooser: String?
  private let mpi: MPILibrary

  /// A network that all machines have a true interface in.
  private var common: NetworkInterface? {
    guard let first = interfaces.first else { return nil }
    return first.first { candidate in
      !candidate.isVirtual
        && interfaces.allSatisfy { $0.contains { !$0.isVirtual && $0.network == candidate.network } }
    }
  }

  private var remedy: String { Self.option(common, of: mpi) }

  /// What has a library use the network of an interface, between ranks and for the launcher: Open MPI takes networks, MPICH names of
  /// interfaces, by variables of what it sends with (UCX or libfabric).
  package static func option(_ interface: NetworkInterface?, of mpi: MPILibrary) -> String {
    switch mpi {
    case .openMPI:
      let network = interface?.network ?? "NETWORK/BITS"
      return "mpirun --mca btl_tcp_if_include \(network) --mca oob_tcp_if_include \(network)"
    case .mpich:
      let name = interface?.name ?? "INTERFACE"
      return "mpirun -iface \(name) -genv UCX_NET_DEVICES \(name) -genv FI_TCP_IFACE \(name)"
    }
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
        "\(mpi.name) may try \(virtual.joined(separator: ", ")), by which other hosts can hardly be reached, among \(described)",
        remedy: remedy)
    }
    if let lonely = interfaces.firstIndex(where: \.isEmpty) {
      return .warning(
        "networks", "\(hosts[lonely]) has no interface\(include.isEmpty ? "" : " in \(include)") for messages over TCP",
        remedy: remedy)
    }
    return .ok("networks", "\(described)\(chooser.map { ", chosen by \($0) \(include)" } ?? "")")
  }
}
