import Inference
import Layers
import MessagePassing
import Tensors

/// What an iteration reads and changes, and a checkpoint holds.
package final class TrainingState {
  /// The weights that are trained.
  package let weights: VariableArena
  /// The optimizer's momentum.
  package let momentum: VariableArena
  /// The moving average of the weights; nil where none is kept.
  package let average: VariableArena?
  /// How large the values are that layers read; decided where a run begins.
  package var inputScales = InputScales()
  /// The tree along which gradients are added; decided where a run begins.
  package var summation = SummationOrder.Form.twosBelow

  /// Allocates a state of zeros.
  package init(_ layout: VariableLayout, keepsAverage: Bool = false) {
    weights = VariableArena(layout)
    momentum = VariableArena(layout)
    average = keepsAverage ? VariableArena(layout) : nil
  }

  /// The variables.
  package var layout: VariableLayout { weights.layout }
  /// The weights that a detector uses: the average where there is one.
  package var detectorWeights: VariableArena { average ?? weights }

  /// The arenas, and what stands before a parameter's name in the name of its tensor.
  package var arenas: [(prefix: String, arena: VariableArena)] {
    [("", weights), (Checkpoint.momentumPrefix, momentum)] + (average.map { [(Checkpoint.averagePrefix, $0)] } ?? [])
  }

  /// The arenas' variables that a checkpoint holds, and what stands before a parameter's name in the name of its tensor: all but momentum of
  /// what has none.
  package var tensors: [(prefix: String, variable: Variable, arena: VariableArena)] {
    arenas.flatMap { prefix, arena in
      layout.variables.filter { arena !== momentum || $0.isTrained }.map { (prefix, $0, arena) }
    }
  }

  /// Bytes of a state.
  package static func byteCount(_ layout: VariableLayout, keepsAverage: Bool) -> Int {
    (keepsAverage ? 3 : 2) * layout.arenaCount * MemoryLayout<Float>.stride
  }

  /// Takes over another state of the same layout.
  package func copy(_ other: TrainingState) {
    for ((_, arena), (_, source)) in zip(arenas, other.arenas) {
      _ = arena.values.update(fromContentsOf: source.values)
    }
    (inputScales, summation) = (other.inputScales, other.summation)
  }

  /// Starts the average, where one is kept, at the weights.
  func startAverage() {
    _ = average?.values.update(fromContentsOf: weights.values)
  }
}
