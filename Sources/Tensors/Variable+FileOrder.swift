/// Files hold a convolution kernel as [output, input, height, width], memory as [height, width, input, output]; every other
/// parameter is the same in both.
extension Variable {
  /// Copies the parameter's values from memory order to file order.
  ///
  /// - Precondition: both buffers have the parameter's count.
  package func copyToFileOrder(from memory: UnsafeBufferPointer<Float>, to file: UnsafeMutableBufferPointer<Float>) {
    permute(memory.count, file.count) { inMemory, inFile in file[inFile] = memory[inMemory] }
  }

  /// Copies the parameter's values from file order to memory order.
  ///
  /// - Precondition: both buffers have the parameter's count.
  package func copyFromFileOrder(from file: UnsafeBufferPointer<Float>, to memory: UnsafeMutableBufferPointer<Float>) {
    permute(memory.count, file.count) { inMemory, inFile in memory[inMemory] = file[inFile] }
  }

  /// Calls `move` with the position of every value in memory and in the file.
  ///
  /// Output channels go in blocks of one cache line, so that memory is walked line by line and the file in few streams.
  @inline(__always)
  private func permute(_ memoryCount: Int, _ fileCount: Int, _ move: (_ inMemory: Int, _ inFile: Int) -> Void) {
    precondition(
      memoryCount == range.count && fileCount == range.count,
      "parameter \(name) has \(range.count) values, the buffers have \(memoryCount) and \(fileCount)")
    switch layout {
    case .vector(let count):
      for index in 0..<count { move(index, index) }
    case .kernel(let height, let width, let input, let output):
      let area = height * width
      for block in stride(from: 0, to: output, by: 16) {
        for i in 0..<input {
          for position in 0..<area {
            for o in block..<min(block + 16, output) {
              move((position * input + i) * output + o, (o * input + i) * area + position)
            }
          }
        }
      }
    }
  }
}
