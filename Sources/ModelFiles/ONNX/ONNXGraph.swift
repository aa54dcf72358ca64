/// Operators of ONNX's standard set with their inputs, in an order in which they can run, and the tensors that they read.
///
/// ### Source
/// onnx.ai, *ONNX Operators* and *Open Neural Network Exchange Intermediate Representation*; `onnx/onnx.proto`.
package struct ONNXGraph {
  /// What an operator writes or the graph gets, by its name.
  package struct Value: Hashable, Sendable {
    package let name: String
  }

  /// A setting of an operator.
  package enum Attribute: Sendable, Equatable {
    case float(Float)
    case integer(Int)
    case integers([Int])
    case text(String)
  }

  /// The extent of a tensor in one direction.
  package enum Extent: Sendable, Equatable, ExpressibleByIntegerLiteral {
    case fixed(Int)
    /// Known when the graph runs; equal names, equal extents.
    case free(String)

    package init(integerLiteral value: Int) { self = .fixed(value) }
  }

  /// Elements of a tensor. Raw values are ONNX's.
  package enum Element: Int, Sendable {
    case float32 = 1
    case unsigned8 = 2
    case signed64 = 7
    case boolean = 9
  }

  fileprivate struct Operator {
    let kind: String
    let inputs: [Value?]
    let outputs: [Value]
    let attributes: [(name: String, value: Attribute)]
  }

  fileprivate struct Port {
    let value: Value
    let element: Element
    let extents: [Extent]
  }

  private let name: String
  private var operators: [Operator] = []
  private var constants: [TensorSource] = []
  private var inputs: [Port] = []
  private var outputs: [Port] = []
  private var names: Set<String> = []

  /// A graph without operators.
  package init(name: String) { self.name = name }

  private mutating func value(_ name: String) -> Value {
    precondition(names.insert(name).inserted, "the graph has two values \(name)")
    return Value(name: name)
  }

  /// Appends an operator with one output.
  ///
  /// - Parameters:
  ///   - kind: its name in the standard.
  ///   - inputs: in its order; nil where one is left out.
  ///   - name: of its output.
  /// - Precondition: no other value has the name.
  package mutating func add(
    _ kind: String, _ inputs: [Value?], _ attributes: KeyValuePairs<String, Attribute> = [:], named name: String
  ) -> Value {
    add(kind, inputs, attributes, named: [name])[0]
  }

  /// Appends an operator with several outputs.
  package mutating func add(
    _ kind: String, _ inputs: [Value?], _ attributes: KeyValuePairs<String, Attribute> = [:], named names: [String]
  ) -> [Value] {
    let outputs = names.map { value($0) }
    operators.append(
      Operator(
        kind: kind, inputs: inputs, outputs: outputs, attributes: attributes.map { (name: $0.key, value: $0.value) }))
    return outputs
  }

  /// Adds a tensor that is the same whenever the graph runs.
  package mutating func constant(_ tensor: TensorSource) -> Value {
    constants.append(tensor)
    return value(tensor.name)
  }

  /// Adds a constant tensor of numbers; without a shape it has one direction.
  package mutating func constant(_ name: String, shape: [Int]? = nil, _ floats: [Float]) -> Value {
    constant(TensorSource(name: name, shape: shape ?? [floats.count]) { _ = $0.update(fromContentsOf: floats) })
  }

  /// Adds a constant tensor of integers; without a shape it has one direction.
  package mutating func constant(_ name: String, shape: [Int]? = nil, _ integers: [Int]) -> Value {
    let bytes = integers.flatMap { number in withUnsafeBytes(of: Int64(number).littleEndian) { Array($0) } }
    return constant(TensorSource(name: name, shape: shape ?? [integers.count], type: .signed64, bytes: bytes))
  }

  /// Adds something that the graph gets when it runs.
  package mutating func input(_ name: String, _ element: Element, _ extents: [Extent]) -> Value {
    let value = value(name)
    inputs.append(Port(value: value, element: element, extents: extents))
    return value
  }

  /// Makes a value a result of the graph.
  package mutating func output(_ value: Value, _ element: Element, _ extents: [Extent]) {
    outputs.append(Port(value: value, element: element, extents: extents))
  }

  // MARK: The messages

  /// A GraphProto in pieces: all but the elements of constants, and these.
  var pieces: [ONNXPiece] {
    var pieces: [ONNXPiece] = [
      .message(WireMessage { graph in for each in operators { graph.append(1, each.message) } })
    ]
    pieces.append(.message(WireMessage { $0.append(2, name) }))
    for constant in constants { pieces += constant.pieces(field: 5) }
    pieces.append(
      .message(
        WireMessage { graph in
          for input in inputs { graph.append(11, input.message) }
          for output in outputs { graph.append(12, output.message) }
        }))
    return pieces
  }
}

/// A part of a file of ONNX.
enum ONNXPiece {
  /// Fields of a message.
  case message(WireMessage)
  /// The elements of a tensor, whose field and length stand before.
  case elements(TensorSource)

  var byteCount: Int {
    switch self {
    case .message(let message): message.bytes.count
    case .elements(let tensor): tensor.byteCount
    }
  }
}

extension ONNXGraph.Operator {
  /// A NodeProto. It has the name of its first output.
  fileprivate var message: WireMessage {
    WireMessage { node in
      for input in inputs { node.append(1, input?.name ?? "") }
      for output in outputs { node.append(2, output.name) }
      node.append(3, outputs[0].name)
      node.append(4, kind)
      for attribute in attributes { node.append(5, attribute.value.message(attribute.name)) }
    }
  }
}

extension ONNXGraph.Attribute {
  /// An AttributeProto.
  fileprivate func message(_ name: String) -> WireMessage {
    WireMessage { message in
      message.append(1, name)
      switch self {
      case .float(let number):
        message.append(2, number)
        message.append(20, 1)
      case .integer(let number):
        message.append(3, number)
        message.append(20, 2)
      case .text(let text):
        message.append(4, text)
        message.append(20, 3)
      case .integers(let numbers):
        message.append(8, packed: numbers)
        message.append(20, 7)
      }
    }
  }
}

extension ONNXGraph.Port {
  /// A ValueInfoProto.
  fileprivate var message: WireMessage {
    let shape = WireMessage { shape in
      for extent in extents {
        shape.append(
          1,
          WireMessage { dimension in
            switch extent {
            case .fixed(let count): dimension.append(1, count)
            case .free(let name): dimension.append(2, name)
            }
          })
      }
    }
    let tensor = WireMessage {
      $0.append(1, element.rawValue)
      $0.append(2, shape)
    }
    return WireMessage {
      $0.append(1, value.name)
      $0.append(2, WireMessage { $0.append(1, tensor) })
    }
  }
}

extension TensorSource {
  /// A TensorProto as a field of the graph: what stands before its elements, and these.
  fileprivate func pieces(field: Int) -> [ONNXPiece] {
    let element: ONNXGraph.Element =
      switch type {
      case .float32: .float32
      case .signed64: .signed64
      default: preconditionFailure("\(name): constants of type \(type.rawValue)")
      }
    var head = WireMessage {
      if !shape.isEmpty { $0.append(1, packed: shape) }
      $0.append(2, element.rawValue)
      $0.append(8, name)
    }
    head.open(9, byteCount: byteCount)
    var start = WireMessage()
    start.open(field, byteCount: head.bytes.count + byteCount)
    return [.message(start), .message(head), .elements(self)]
  }
}
