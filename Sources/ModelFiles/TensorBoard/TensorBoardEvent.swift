/// What TensorBoard shows of one moment of a run.
///
/// ### Source
/// tensorboard, `compat/proto/event.proto`, `summary.proto`, `histogram.proto` and `plugins/hparams/plugin_data.proto`.
package struct TensorBoardEvent: Sendable {
  /// A setting of a run.
  package enum Setting: Sendable, Equatable {
    case number(Double)
    case text(String)
    case flag(Bool)
  }

  /// How a run ended. Raw values are those of the format.
  package enum Ending: Int, Sendable {
    case success = 1
    case failure = 2
    case running = 3
  }

  /// Seconds since 1970.
  package let time: Double
  /// The iteration.
  package let step: Int
  private var values: [WireMessage] = []

  /// An event without values.
  package init(time: Double, step: Int) {
    (self.time, self.step) = (time, step)
  }

  /// Whether there is nothing to show.
  package var isEmpty: Bool { values.isEmpty }

  /// Adds a point of a curve.
  package mutating func add(_ tag: String, _ number: Float) {
    values.append(
      WireMessage {
        $0.append(1, tag)
        $0.append(2, number)
      })
  }

  /// Adds an image.
  ///
  /// - Parameter file: JPEG or PNG.
  package mutating func add(_ tag: String, image file: [UInt8], width: Int, height: Int) {
    let image = WireMessage {
      $0.append(1, height)
      $0.append(2, width)
      // RGB.
      $0.append(3, 3)
      $0.append(4, file)
    }
    values.append(
      WireMessage {
        $0.append(1, tag)
        $0.append(4, image)
      })
  }

  /// Adds the distribution of numbers.
  package mutating func add(_ tag: String, _ histogram: Histogram) {
    values.append(
      WireMessage {
        $0.append(1, tag)
        $0.append(5, histogram.message)
      })
  }

  /// Adds the settings that the run has from here on.
  package mutating func add(settings: [(name: String, value: Setting)]) {
    let start = WireMessage { start in
      for setting in settings {
        start.append(
          1,
          WireMessage {
            $0.append(1, setting.name)
            $0.append(2, setting.value.message)
          })
      }
      start.append(5, time)
    }
    add(settingsTag: "session_start_info", field: 3, start)
  }

  /// Adds how the run has ended.
  package mutating func add(ending: Ending) {
    let end = WireMessage {
      $0.append(1, ending.rawValue)
      $0.append(2, time)
    }
    add(settingsTag: "session_end_info", field: 4, end)
  }

  /// The plugin for settings has its facts in the description of a tensor without elements.
  private mutating func add(settingsTag tag: String, field: Int, _ fact: WireMessage) {
    let content = WireMessage {
      $0.append(1, 0)
      $0.append(field, fact)
    }
    let plugin = WireMessage {
      $0.append(1, "hparams")
      $0.append(2, content)
    }
    let tensor = WireMessage {
      // float32, of the shape [0].
      $0.append(1, 1)
      $0.append(2, WireMessage { $0.append(2, WireMessage { $0.append(1, 0) }) })
    }
    values.append(
      WireMessage {
        $0.append(1, "_hparams_/\(tag)")
        $0.append(8, tensor)
        $0.append(9, WireMessage { $0.append(1, plugin) })
      })
  }

  /// An Event.
  var message: WireMessage {
    WireMessage {
      $0.append(1, time)
      $0.append(2, step)
      $0.append(5, WireMessage { summary in for value in values { summary.append(1, value) } })
    }
  }
}

extension TensorBoardEvent.Setting {
  /// A google.protobuf.Value.
  fileprivate var message: WireMessage {
    WireMessage {
      switch self {
      case .number(let number): $0.append(2, number)
      case .text(let text): $0.append(3, text)
      case .flag(let flag): $0.append(4, flag ? 1 : 0)
      }
    }
  }
}

extension TensorBoardEvent {
  /// How many numbers lie in each of some intervals.
  package struct Histogram: Sendable, Equatable {
    /// Right ends of the intervals, rising; the first one begins at the smallest number.
    package private(set) var limits: [Double] = []
    /// Numbers in each.
    package private(set) var counts: [Double] = []
    /// Of the numbers that are finite.
    private var (minimum, maximum, sum, sumOfSquares, count) = (0.0, 0.0, 0.0, 0.0, 0.0)

    /// Counts numbers in equal intervals; those that are not finite are left out.
    package init(_ numbers: UnsafeMutableBufferPointer<Float>, intervals: Int = 30) {
      let finite = numbers.lazy.filter(\.isFinite)
      guard let first = finite.first else {
        (limits, counts) = ([0], [0])
        return
      }
      (minimum, maximum) = (Double(first), Double(first))
      for number in finite {
        let number = Double(number)
        (minimum, maximum) = (min(minimum, number), max(maximum, number))
        sum += number
        sumOfSquares += number * number
        count += 1
      }
      guard maximum > minimum else {
        (limits, counts) = ([maximum], [count])
        return
      }
      let width = (maximum - minimum) / Double(intervals)
      limits = (1..<intervals).map { minimum + Double($0) * width } + [maximum]
      counts = [Double](repeating: 0, count: intervals)
      for number in finite { counts[min(intervals - 1, Int((Double(number) - minimum) / width))] += 1 }
    }

    /// A HistogramProto.
    fileprivate var message: WireMessage {
      WireMessage {
        $0.append(1, minimum)
        $0.append(2, maximum)
        $0.append(3, count)
        $0.append(4, sum)
        $0.append(5, sumOfSquares)
        $0.append(6, packed: limits)
        $0.append(7, packed: counts)
      }
    }
  }
}
