import Files

extension Forecast {
  private struct Summary: Encodable {
    struct Point: Encodable {
      let ranks: Int
      let hosts: Int
      let micro_batches: Int
      let iteration_seconds: Double
      let images_per_second: Double
      let efficiency: Double
      let compute_seconds: Double
      let communication_seconds: Double
      let waiting_seconds: Double
      let loading_seconds: Double
      let node_hours: Double?
      let files_per_second: Double
    }
    struct Advice: Encodable {
      let subject: String
      let text: String
    }
    struct Run: Encodable {
      let ranks: Int
      let images_per_second: Double
      let file: String
    }
    let measurement = "prediction"
    let model: String
    let global_batch: Int
    let micro_batch: Int
    let wire: String
    let bucket_megabytes: Float?
    let ranks_per_host: Int
    let single_process_images_per_second: Double
    let points: [Point]
    let runs: [Run]
    let advice: [Advice]
    let measured: [String]
    let assumptions: [String]
    let version: String
    let commit: String
  }

  /// One JSON object.
  package func json() throws -> String {
    try JSONText.line(
      Summary(
        model: subject.shape.model, global_batch: subject.globalBatch, micro_batch: subject.shape.microBatch,
        wire: subject.wire.rawValue, bucket_megabytes: subject.bucketMegabytes, ranks_per_host: question.ranksPerHost,
        single_process_images_per_second: singleProcess,
        points: points.map {
          .init(
            ranks: $0.ranks, hosts: $0.hosts, micro_batches: $0.microBatches, iteration_seconds: $0.result.iteration,
            images_per_second: $0.imagesPerSecond, efficiency: $0.efficiency, compute_seconds: $0.result.compute,
            communication_seconds: $0.result.communication, waiting_seconds: $0.result.waiting,
            loading_seconds: $0.result.loading, node_hours: $0.nodeHours, files_per_second: $0.imagesPerSecond)
        },
        runs: runs.map { .init(ranks: $0.worldSize, images_per_second: $0.imagesPerSecond, file: $0.file) },
        advice: advice.map { .init(subject: $0.subject, text: $0.text) }, measured: sources, assumptions: assumptions,
        version: subject.program.version, commit: subject.program.commit))
  }
}
