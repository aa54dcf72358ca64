import Foundation

/// What `multibox doctor --json` wrote about connections between ranks.
package struct LinkMeasurements: Sendable, Equatable {
  package struct Link: Sendable, Equatable {
    /// Whether both ranks are on one machine.
    package let isInside: Bool
    package let latency: Double
    package let bandwidth: Double
  }

  package let file: String
  package let program: ProgramVersion
  package let links: [Link]

  private struct Content: Decodable {
    struct Connection: Decodable {
      let ranks: [Int]
      let latency_seconds: Double
      let bytes_per_second: Double
    }
    let build: ProgramVersion
    let host_of_rank: [Int]
    let links: [Connection]
  }

  init(_ data: Data, file: String) throws {
    let content = try JSONDecoder().decode(Content.self, from: data)
    let hosts = content.host_of_rank
    (self.file, program) = (file, content.build)
    links = try content.links.map { link in
      guard link.ranks.count == 2, link.ranks.allSatisfy(hosts.indices.contains), link.bytes_per_second > 0,
        link.latency_seconds >= 0
      else { throw PredictionError("links") }
      return Link(
        isInside: hosts[link.ranks[0]] == hosts[link.ranks[1]], latency: link.latency_seconds,
        bandwidth: link.bytes_per_second)
    }
  }

  package init(file: String, program: ProgramVersion, links: [Link]) {
    (self.file, self.program, self.links) = (file, program, links)
  }
}

/// What `multibox benchmark allreduce --json` wrote.
package struct SumMeasurement: Sendable, Equatable {
  package let file: String
  package let program: ProgramVersion
  /// Of each rank, the number of its machine.
  package let hosts: [Int]
  /// Sizes of the groups, the innermost first; nothing where ranks exchanged directly.
  package let groups: [Int]
  /// Bytes of the summed numbers as float32.
  package let bytes: [Int]
  /// Seconds of each size, by the name of the method.
  package let seconds: [String: [Double]]

  private struct Content: Decodable {
    let build: ProgramVersion
    let world_size: Int
    let host_of_rank: [Int]
    let groups: [Int]
    let bytes: [Int]
    let seconds: [String: [Double]]
  }

  init(_ data: Data, file: String) throws {
    let content = try JSONDecoder().decode(Content.self, from: data)
    let size = content.world_size
    guard size > 0, size == content.host_of_rank.count, content.host_of_rank.allSatisfy({ 0..<size ~= $0 }) else {
      throw PredictionError("host_of_rank")
    }
    guard content.groups.isEmpty || content.groups.allSatisfy({ $0 > 1 && $0 <= size }),
      content.groups.isEmpty
        || content.groups.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) == size
    else { throw PredictionError("groups") }
    guard !content.bytes.isEmpty, content.bytes.allSatisfy({ $0 > 0 }) else { throw PredictionError("bytes") }
    guard content.seconds.values.allSatisfy({ $0.count == content.bytes.count && $0.allSatisfy { $0 > 0 } }) else {
      throw PredictionError("seconds")
    }
    self.init(
      file: file, program: content.build, hosts: content.host_of_rank, groups: content.groups, bytes: content.bytes,
      seconds: content.seconds)
  }

  package init(
    file: String, program: ProgramVersion, hosts: [Int], groups: [Int], bytes: [Int], seconds: [String: [Double]]
  ) {
    (self.file, self.program, self.hosts) = (file, program, hosts)
    (self.groups, self.bytes, self.seconds) = (groups, bytes, seconds)
  }

  /// Whether the ranks were on several machines.
  package var crossesHosts: Bool { Set(hosts).count > 1 }
}

/// What `multibox benchmark loader --json` wrote.
package struct LoaderMeasurement: Sendable, Equatable {
  package let file: String
  package let program: ProgramVersion
  package let model: String
  package let imagesPerSecond: Double
  package let threads: Int
  /// Images of the training split.
  package let trainingImages: Int

  private struct Content: Decodable {
    let build: ProgramVersion
    let model: String
    let images_per_second: Double
    let threads: Int
    let training_images: Int
  }

  init(_ data: Data, file: String) throws {
    let content = try JSONDecoder().decode(Content.self, from: data)
    guard content.images_per_second > 0, content.threads > 0, content.training_images > 0 else {
      throw PredictionError("images_per_second")
    }
    (self.file, program, model) = (file, content.build, content.model)
    (imagesPerSecond, threads) = (content.images_per_second, content.threads)
    trainingImages = content.training_images
  }
}

/// What `multibox benchmark exchange --json` wrote: iterations of a job, for comparison.
package struct RunMeasurement: Sendable, Equatable {
  package let file: String
  package let program: ProgramVersion
  package let worldSize: Int
  /// Of each iteration, all ranks' images by the slowest rank's seconds.
  package let imagesPerSecond: Double

  private struct Content: Decodable {
    let build: ProgramVersion
    let world_size: Int
    let images_per_second: Double
  }

  init(_ data: Data, file: String) throws {
    let content = try JSONDecoder().decode(Content.self, from: data)
    guard content.world_size > 0, content.images_per_second > 0 else { throw PredictionError("images_per_second") }
    (self.file, program) = (file, content.build)
    (worldSize, imagesPerSecond) = (content.world_size, content.images_per_second)
  }
}
