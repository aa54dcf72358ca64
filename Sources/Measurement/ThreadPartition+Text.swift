import Files
import Foundation

extension ThreadPartition {
  /// Threads for which layers are named.
  static let manyThreads = 32
  /// Layers that are named.
  static let namedLayers = 5

  /// A table for people.
  var text: String {
    let forecasts = Self.threadCounts.map(forecast)
    let rows = forecasts.map { forecast in
      [
        String(forecast.threads), String(format: "%.4f", forecast.seconds),
        String(format: "%.1f", forecasts[0].seconds / forecast.seconds),
        Self.percent(forecast.busy), Self.percent(forecast.alone), Self.percent(forecast.uneven),
        Self.percent(forecast.meeting),
      ]
    }
    let layers = mostLost(Self.namedLayers, threads: Self.manyThreads)
    let layerRows = layers.map {
      [
        $0.name, Quantities.count($0.tasks, "task"),
        String(format: "%.2f", $0.lostSeconds / Double(Self.manyThreads) * 1e3),
      ]
    }
    return """
      by partition, simulated; memory and caches that threads share are not counted
      \(TextTable([["threads", "seconds", "times", "busy", "alone", "uneven", "meeting"]] + rows).text)

      \(TextTable([["most lost by \(Self.manyThreads) threads", "most in a loop of", "ms"]] + layerRows).text)
      """
  }

  /// How busy `threads` threads are, and others, in a sentence.
  package func summary(threads: Int) -> String {
    let others = Self.threadCounts.filter { $0 > 1 && $0 != threads }
    let first =
      "\(Quantities.count(threads, "compute thread")) \(threads == 1 ? "is" : "are") busy for "
      + "\(Self.percent(forecast(threads: threads).busy)) of a step by its partition"
    return first + "; " + others.map { "\($0): \(Self.percent(forecast(threads: $0).busy))" }.joined(separator: ", ")
      + " (simulated, without what they take from each other's caches and memory)"
  }

  static func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }
}

extension ThreadPartition {
  /// What JSON says.
  struct Summary: Encodable {
    struct Forecast: Encodable {
      let threads: Int
      let seconds: Double
      let busy: Double
      let alone: Double
      let uneven: Double
      let meeting: Double
    }
    struct Layer: Encodable {
      let name: String
      let tasks: Int
      let lost_seconds: Double
    }
    let meeting_seconds: Double
    let forecasts: [Forecast]
    let most_lost_threads: Int
    let most_lost: [Layer]
  }

  var summary: Summary {
    Summary(
      meeting_seconds: meetingSeconds,
      forecasts: Self.threadCounts.map(forecast).map {
        .init(
          threads: $0.threads, seconds: $0.seconds, busy: $0.busy, alone: $0.alone, uneven: $0.uneven,
          meeting: $0.meeting)
      },
      most_lost_threads: Self.manyThreads,
      most_lost: mostLost(Self.namedLayers, threads: Self.manyThreads).map {
        .init(name: $0.name, tasks: $0.tasks, lost_seconds: $0.lostSeconds)
      })
  }
}
