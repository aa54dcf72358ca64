import Kernels
import TestSupport

/// Images, where every instruction set has the same result: that of these loops in float32.
extension KernelCase {
  static let images = [
    KernelCase("scale_samples", scaleSamples), KernelCase("scale_saturation", scaleSaturation),
    KernelCase("turn_hue", turnHue), KernelCase("blend_rows", blendRows), KernelCase("blend_columns", blendColumns),
  ]

  private static func byte(_ value: Float) -> UInt8 { UInt8(min(max(value.rounded(.toNearestOrEven), 0), 255)) }

  private static func scaleSamples(_ trial: Trial) {
    for (factor, term) in [(1, -31.5), (1, 17.25), (0.5, 0), (1.49, 0), (0.7, 20)] as [(Float, Float)] {
      let samples = trial.bytes(trial.size)
      trial.kernels.scaleSamples(
        UnsafeMutableBufferPointer(start: samples.start, count: samples.count), factor: factor, term: term)
      for i in 0..<samples.count { trial.expect(samples, i, is: byte(factor * Float(samples.initial(i)) + term)) }
    }
  }

  private static func scaleSaturation(_ trial: Trial) {
    for factor in [0.5, 1, 1.37] as [Float] {
      changeColours(trial) {
        trial.kernels.scaleSaturation($0, factor: factor)
      } expecting: {
        $0.saturation = byte(Float($0.saturation) * factor)
      }
    }
  }

  private static func turnHue(_ trial: Trial) {
    for term in [-17.5, 0, 12.3] as [Float] {
      changeColours(trial) {
        trial.kernels.turnHue($0, by: term)
      } expecting: {
        $0.hue = byte(Float($0.hue) + term)
      }
    }
  }

  private static func changeColours(
    _ trial: Trial, _ change: (UnsafeMutableBufferPointer<UInt8>) -> Void, expecting: (inout HSVPixel) -> Void
  ) {
    let samples = trial.bytes(3 * trial.size)
    change(UnsafeMutableBufferPointer(start: samples.start, count: samples.count))
    for first in stride(from: 0, to: samples.count, by: 3) {
      var pixel = HSVPixel(
        red: samples.initial(first), green: samples.initial(first + 1), blue: samples.initial(first + 2))
      expecting(&pixel)
      let (red, green, blue) = pixel.rgb
      for (channel, sample) in [red, green, blue].enumerated() { trial.expect(samples, first + channel, is: sample) }
    }
  }

  private static func blendRows(_ trial: Trial) {
    for rowCount in 1...4 {
      let rowStride = trial.size + 5
      let (weights, zeros) = (trial.numbers(rowCount), (0..<trial.size).map { _ in 100 * trial.number() })
      let (rows, result) = (trial.bytes((rowCount - 1) * rowStride + trial.size), trial.unset(trial.size))
      trial.kernels.blendRows(
        weights: UnsafeBufferPointer(start: weights.start, count: rowCount),
        rows: UnsafeBufferPointer(start: rows.start, count: rows.count), rowStride: rowStride, zeros: zeros,
        into: result.start)
      for i in 0..<trial.size {
        let terms = (0..<rowCount).map { weights[$0] * (Float(rows[$0 * rowStride + i]) - zeros[i]) }
        trial.expect(result, i, is: terms.reduce(0, +))
      }
    }
  }

  private static func blendColumns(_ trial: Trial) {
    let inputs = 9
    let counts = (0..<trial.size).map { _ in trial.stream.integer(below: 5) }
    let offset = counts.reduce(into: [0]) { $0.append($0.last! + $1) }
    let first = counts.map { trial.stream.integer(below: inputs - $0 + 1) }
    let weights = (0..<offset.last!).map { _ in trial.number() }
    let (lowest, highest): ([Float], [Float]) = ([-0.5, -0.75, -1], [1, 0.75, 0.5])
    let (row, result) = (trial.numbers(3 * inputs), trial.unset(3 * trial.size))
    trial.kernels.blendColumns(
      count: trial.size, first: first, offset: offset, weights: weights, row: row.start, lowest: lowest,
      highest: highest, into: result.start)
    for i in 0..<result.count {
      let (pixel, channel) = (i / 3, i % 3)
      let sum = (0..<counts[pixel]).reduce(Float(0)) {
        $0 + weights[offset[pixel] + $1] * row[3 * (first[pixel] + $1) + channel]
      }
      trial.expect(result, i, is: min(max(sum, lowest[channel]), highest[channel]))
    }
  }
}
