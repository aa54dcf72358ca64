import Layers
import Tensors
import Testing

@Suite struct MaxPoolingTests {
  @Test(arguments: [
    (MaxPooling("2/2", kernel: 2, stride: 2), 6, 8),
    (MaxPooling("2/2 floor", kernel: 2, stride: 2), 5, 7),
    (MaxPooling("2/2 ceil", kernel: 2, stride: 2, ceilMode: true), 5, 8),
    (MaxPooling("3/1 p1", kernel: 3, stride: 1, padding: 1), 4, 7),
    (MaxPooling("3/2 p1 ceil", kernel: 3, stride: 2, padding: 1, ceilMode: true), 6, 9),
  ])
  func agreesWithReferenceAndCentralDifferences(_ layer: MaxPooling, height: Int, width: Int) {
    let harness = LayerHarness(
      layer, layout: VariableLayout(), input: Shape(batch: 2, height: height, width: width, channels: 5))
    // Ties would make the derivative undefined: a different multiple of 2⁻¹⁶ is added to every value.
    let found = harness.withoutTies().discrepancies(step: 1e-6) { x, _ in pool(x, layer) }
    #expect(found.isEmpty, "\(found)")
  }

  @Test func roundsAsCaffeAndPyTorchDo() {
    func side(_ layer: MaxPooling, _ input: Int) -> Int {
      layer.outputShape(for: Shape(batch: 1, height: input, width: input, channels: 1)).height
    }
    #expect(side(MaxPooling("pool3", kernel: 2, stride: 2, ceilMode: true), 75) == 38)
    #expect(side(MaxPooling("pool1", kernel: 2, stride: 2), 75) == 37)
    #expect(side(MaxPooling("pool5", kernel: 3, stride: 1, padding: 1), 19) == 19)
    // The window that would start in the right padding is dropped.
    #expect(side(MaxPooling("p", kernel: 2, stride: 2, padding: 1, ceilMode: true), 3) == 2)
  }
}

extension LayerHarness {
  fileprivate func withoutTies() -> LayerHarness {
    var values = input.values
    for index in values.indices { values[index] += Double(index) / 65536 }
    return LayerHarness(self, input: ReferenceMap(input.shape, values))
  }

  fileprivate init(_ other: LayerHarness, input: ReferenceMap) {
    layer = other.layer
    layout = other.layout
    parameters = other.parameters
    direction = other.direction
    self.input = input
  }
}

private func pool(_ x: ReferenceMap, _ layer: MaxPooling) -> ReferenceMap {
  var y = ReferenceMap(layer.outputShape(for: x.shape))
  for b in 0..<y.shape.batch {
    for i in 0..<y.shape.height {
      for j in 0..<y.shape.width {
        for c in 0..<y.shape.channels {
          var best = -Double.infinity
          for row in i * layer.stride - layer.padding..<i * layer.stride - layer.padding + layer.kernel {
            for column in j * layer.stride - layer.padding..<j * layer.stride - layer.padding + layer.kernel
            where x.contains(row, column) {
              best = max(best, x[b, row, column, c])
            }
          }
          y[b, i, j, c] = best
        }
      }
    }
  }
  return y
}
