import Tensors
import Testing

struct ParameterFileOrderTests {
  private func kernel(_ height: Int, _ width: Int, _ input: Int, _ output: Int) -> Variable {
    var layout = VariableLayout()
    return layout.add(
      "kernel", .kernel(height: height, width: width, input: input, output: output), start: .random, update: .weight)
  }

  private func toFile(_ parameter: Variable, _ memory: [Float]) -> [Float] {
    var file = [Float](repeating: .nan, count: memory.count)
    memory.withUnsafeBufferPointer { memory in
      file.withUnsafeMutableBufferPointer { parameter.copyToFileOrder(from: memory, to: $0) }
    }
    return file
  }

  private func toMemory(_ parameter: Variable, _ file: [Float]) -> [Float] {
    var memory = [Float](repeating: .nan, count: file.count)
    file.withUnsafeBufferPointer { file in
      memory.withUnsafeMutableBufferPointer { parameter.copyFromFileOrder(from: file, to: $0) }
    }
    return memory
  }

  /// Heights differ from widths, and output channels are fewer than, equal to and no multiple of a block of 16.
  @Test(arguments: [(1, 1, 1, 1), (2, 3, 4, 5), (3, 1, 2, 16), (1, 3, 5, 37)])
  func `Every value goes to its index in [output, input, height, width] and back`(
    height: Int, width: Int, input: Int, output: Int
  ) {
    let parameter = kernel(height, width, input, output)
    // The value at [h, w, i, o] spells its indices, all below 100.
    var memory: [Float] = []
    var expected = [Float](repeating: .nan, count: height * width * input * output)
    for h in 0..<height {
      for w in 0..<width {
        for i in 0..<input {
          for o in 0..<output {
            let value = Float(h * 1_000_000 + w * 10000 + i * 100 + o)
            memory.append(value)
            expected[((o * input + i) * height + h) * width + w] = value
          }
        }
      }
    }
    #expect(toFile(parameter, memory) == expected)
    #expect(toMemory(parameter, expected) == memory)
  }

  @Test func `A vector is the same in both orders`() {
    var layout = VariableLayout()
    let bias = layout.add("bias", .vector(count: 3), start: .constant(0), update: .bias(rateMultiplier: 2))
    #expect(toFile(bias, [1, 2, 3]) == [1, 2, 3])
    #expect(toMemory(bias, [1, 2, 3]) == [1, 2, 3])
  }
}
