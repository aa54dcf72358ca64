/// A learned tensor: a named range of every parameter arena.
package struct Parameter: Sendable, Equatable {
  /// Decides how the optimizer treats the parameter.
  package enum Role: Sendable {
    /// Convolution kernel: decays.
    case weight
    /// Convolution bias: does not decay, own learning rate.
    case bias
    /// Scale of the channel L2 normalisation: decays.
    case scale
  }

  /// How the values lie in memory and in files.
  package enum Layout: Sendable, Equatable {
    /// `count` values, the same in memory and in files.
    case vector(count: Int)
    /// A convolution kernel: [height, width, input, output] in memory, so that it is the right-hand matrix of a GEMM over
    /// NHWC columns; [output, input, height, width] in files, as PyTorch stores it.
    case kernel(height: Int, width: Int, input: Int, output: Int)
  }

  /// The name in checkpoints (torchvision's state_dict key).
  package let name: String
  /// See ``Role``.
  package let role: Role
  /// See ``Layout``.
  package let layout: Layout
  /// The floats of an arena that hold the parameter.
  package let range: Range<Int>

  /// The shape in files: [count] or [output, input, height, width].
  package var fileShape: [Int] {
    switch layout {
    case .vector(let count): [count]
    case .kernel(let height, let width, let input, let output): [output, input, height, width]
    }
  }
}

/// The ordered list of a model's parameters and their places in an arena.
///
/// Parameters lie in forward order, each starting on a 64-byte boundary; backward therefore completes ranges from the end.
package struct ParameterLayout: Sendable {
  /// In forward order.
  package private(set) var parameters: [Parameter] = []
  /// Floats in an arena, padding included.
  package private(set) var arenaCount = 0

  /// Creates an empty layout.
  package init() {}

  /// Learned values, without padding.
  package var valueCount: Int { parameters.reduce(0) { $0 + $1.range.count } }

  /// Appends a parameter and returns it with its range.
  ///
  /// - Precondition: no earlier parameter has the same name.
  package mutating func add(_ name: String, _ role: Parameter.Role, _ layout: Parameter.Layout) -> Parameter {
    precondition(!parameters.contains { $0.name == name }, "parameter \(name) is declared twice")
    let count =
      switch layout {
      case .vector(let count): count
      case .kernel(let height, let width, let input, let output): height * width * input * output
      }
    let parameter = Parameter(name: name, role: role, layout: layout, range: arenaCount..<arenaCount + count)
    parameters.append(parameter)
    arenaCount += (count + 15) / 16 * 16
    return parameter
  }
}
