import Kernels
import Layers
import ModelFiles
import Models
import Tensors

/// A network under translation into ONNX's operators. Maps are [batch, channels, height, width]; batch normalisations go into the kernels
/// and biases of the convolutions in front.
struct NetworkExport {
  typealias Value = ONNXGraph.Value

  /// What there is so far.
  var graph: ONNXGraph
  /// The values of all variables.
  let weights: VariableArena
  /// The version of the operators.
  let operatorSet: Int

  /// Appends a network.
  ///
  /// - Parameter images: what the first layer reads.
  /// - Returns: [batch, D, 4] and [batch, D, classes], in the order of the default boxes.
  mutating func append(_ model: SSD, to images: Value) -> (locations: Value, confidences: Value) {
    var values: [LayerGraph.Map: Value] = [model.graph.input: images]
    for node in model.graph.nodes {
      guard let layer = node.layer as? any ExportedLayer else {
        preconditionFailure("\(node.layer.name): no translation into ONNX of \(type(of: node.layer))")
      }
      values[node.output] = layer.append(
        to: &self, node.inputs.map { values[$0]! }, shapes: node.inputs.map { model.graph.shape($0) })
    }
    func joined(_ map: KeyPath<SSD.Head, LayerGraph.Map>, columns: Int, _ name: String) -> Value {
      let parts = model.heads.map { head in
        let value = values[head[keyPath: map]]!
        let pixels = graph.add(
          "Transpose", [value], ["perm": .integers([0, 2, 3, 1])], named: "\(value.name).pixels")
        // 0 stands for the number of images, −1 for what is left.
        let shape = graph.constant("\(value.name).shape", [0, -1, columns])
        return graph.add("Reshape", [pixels, shape], named: "\(value.name).rows")
      }
      return graph.add("Concat", parts, ["axis": .integer(1)], named: name)
    }
    return (
      joined(\.locations, columns: 4, "locations"), joined(\.confidences, columns: model.classCount, "confidences")
    )
  }

  /// Appends a convolution and what becomes of its sums.
  ///
  /// - Parameters:
  ///   - name: of its output.
  ///   - shape: of the map.
  ///   - attributes: the windows.
  mutating func convolution(
    _ name: String, of map: Value, weight: Variable, bias: Variable?, normalization: BatchNormalization?,
    activation: Activation, _ attributes: KeyValuePairs<String, ONNXGraph.Attribute>
  ) -> Value {
    let factors = normalization?.evaluationFactors(weights, bias: bias)
    let kernel = weights.tensorSource(weight).multiplied(byOutput: factors?.factors)
    let summands = factors?.summands ?? bias.map { Array(weights[$0]) }
    let inputs = [map, graph.constant(kernel)] + (summands.map { [graph.constant("\(name).bias", $0)] } ?? [])
    let activation = normalization?.activation ?? activation
    guard !activation.isIdentity else { return graph.add("Conv", inputs, attributes, named: name) }
    let sums = graph.add("Conv", inputs, attributes, named: "\(name).sums")
    return activate(sums, activation, name)
  }

  private mutating func activate(_ sums: Value, _ activation: Activation, _ name: String) -> Value {
    switch activation.function {
    case .hardSwish where operatorSet >= 14: return graph.add("HardSwish", [sums], named: name)
    case .hardSwish:
      let gate = hardSigmoid(sums, "\(name).gate")
      return graph.add("Mul", [sums, gate], named: name)
    case .bounds(let bounds) where bounds == Activation.relu.bounds: return graph.add("Relu", [sums], named: name)
    case .bounds(let bounds):
      let lower = graph.constant("\(name).lower", shape: [], [bounds.lower])
      let upper = graph.constant("\(name).upper", shape: [], [bounds.upper])
      return graph.add("Clip", [sums, lower, upper], named: name)
    }
  }

  /// min(max(v + 3, 0), 6) / 6.
  mutating func hardSigmoid(_ value: Value, _ name: String) -> Value {
    graph.add("HardSigmoid", [value], ["alpha": .float(1 / 6), "beta": .float(0.5)], named: name)
  }
}

extension TensorSource {
  /// The same kernel, [output, …], every output's part multiplied with its factor.
  fileprivate func multiplied(byOutput factors: [Float]?) -> TensorSource {
    guard let factors else { return self }
    return mapped { values in
      let count = values.count / factors.count
      for (output, factor) in factors.enumerated() {
        for index in output * count..<(output + 1) * count { values[index] *= factor }
      }
    }
  }
}

/// A layer that ONNX has operators for.
protocol ExportedLayer: Layer {
  /// Appends the operators; the last one has the layer's name.
  ///
  /// - Parameter shapes: of the inputs, for one image.
  func append(to export: inout NetworkExport, _ inputs: [ONNXGraph.Value], shapes: [Shape]) -> ONNXGraph.Value
}

extension Padding {
  /// ONNX's zeros around a map: above, left, below, right.
  fileprivate func sides(_ shape: Shape, extent: Int, stride: Int) -> [Int] {
    let (y, x) = (
      around(shape.height, extent: extent, stride: stride), around(shape.width, extent: extent, stride: stride)
    )
    return [y.before, x.before, y.after, x.after]
  }
}

extension Convolution: ExportedLayer {
  func append(to export: inout NetworkExport, _ inputs: [ONNXGraph.Value], shapes: [Shape]) -> ONNXGraph.Value {
    export.convolution(
      name, of: inputs[0], weight: weight, bias: bias, normalization: batchNormalization, activation: activation,
      [
        "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
        "dilations": .integers([dilation, dilation]),
        "pads": .integers(padding.sides(shapes[0], extent: dilation * (kernel - 1) + 1, stride: stride)),
      ])
  }
}

extension DepthwiseConvolution: ExportedLayer {
  func append(to export: inout NetworkExport, _ inputs: [ONNXGraph.Value], shapes: [Shape]) -> ONNXGraph.Value {
    export.convolution(
      name, of: inputs[0], weight: weight, bias: bias, normalization: batchNormalization,
      activation: batchNormalization.activation,
      [
        "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
        "group": .integer(shapes[0].channels),
        "pads": .integers(padding.sides(shapes[0], extent: kernel, stride: stride)),
      ])
  }
}

extension MaxPooling: ExportedLayer {
  func append(to export: inout NetworkExport, _ inputs: [ONNXGraph.Value], shapes: [Shape]) -> ONNXGraph.Value {
    export.graph.add(
      "MaxPool", inputs,
      [
        "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
        "pads": .integers([padding, padding, padding, padding]), "ceil_mode": .integer(ceilMode ? 1 : 0),
      ], named: name)
  }
}

extension ChannelL2Normalization: ExportedLayer {
  func append(to export: inout NetworkExport, _ inputs: [ONNXGraph.Value], shapes: [Shape]) -> ONNXGraph.Value {
    let square = export.graph.add("Mul", [inputs[0], inputs[0]], named: "\(name).squares")
    let channels = export.graph.constant("\(name).channels", [1])
    let sum = export.graph.add("ReduceSum", [square, channels], ["keepdims": .integer(1)], named: "\(name).sum")
    let epsilon = export.graph.constant("\(name).epsilon", shape: [], [Self.epsilon])
    let raised = export.graph.add("Add", [sum, epsilon], named: "\(name).raised")
    let norm = export.graph.add("Sqrt", [raised], named: "\(name).norm")
    let unit = export.graph.add("Div", [inputs[0], norm], named: "\(name).unit")
    let values = Array(export.weights[scale])
    let factors = export.graph.constant("\(name).scale", shape: [1, values.count, 1, 1], values)
    return export.graph.add("Mul", [unit, factors], named: name)
  }
}

extension GlobalAveragePooling: ExportedLayer {
  func append(to export: inout NetworkExport, _ inputs: [ONNXGraph.Value], shapes: [Shape]) -> ONNXGraph.Value {
    export.graph.add("GlobalAveragePool", inputs, named: name)
  }
}

extension ChannelGate: ExportedLayer {
  func append(to export: inout NetworkExport, _ inputs: [ONNXGraph.Value], shapes: [Shape]) -> ONNXGraph.Value {
    let gate = export.hardSigmoid(inputs[1], "\(name).gate")
    return export.graph.add("Mul", [inputs[0], gate], named: name)
  }
}

extension ResidualSum: ExportedLayer {
  func append(to export: inout NetworkExport, _ inputs: [ONNXGraph.Value], shapes: [Shape]) -> ONNXGraph.Value {
    export.graph.add("Add", inputs, named: name)
  }
}
