import Yams

/// The values of a configuration as YAML.
extension Node {
  static var null: Node { Node("null", Tag(.null)) }

  init(integer value: Int) {
    self.init(String(value), Tag(.int))
  }

  /// The shortest decimal that reads back as the same float, with a point so that every YAML reader takes it for a number.
  init(number value: some BinaryFloatingPoint & LosslessStringConvertible) {
    var text = value.description
    if let exponent = text.firstIndex(of: "e"), !text.contains(".") {
      text.insert(contentsOf: ".0", at: exponent)
    }
    self.init(text, Tag(.float))
  }

  /// Quoted where plain text would read as a number, a truth value or null.
  init(text: String) {
    self = .scalar(text.represented())
  }

  init(list: [Node]) {
    self.init(list, .implicit, .flow)
  }
}

extension ConfigurationNode {
  /// A decimal number, where `_` may group digits.
  var integer: Int? {
    plainText.flatMap { Int($0.filter { $0 != "_" }) }
  }

  /// A finite decimal number that `Number` can hold.
  func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(_: Number.Type) -> Number? {
    guard let text = plainText?.filter({ $0 != "_" }), text.allSatisfy({ "+-.0123456789eE".contains($0) }),
      let value = Number(text)
    else { return nil }
    return value.isFinite ? value : nil
  }

  /// A scalar as it is written, other than null and "".
  var text: String? {
    guard case .scalar(let scalar) = content, !isNull, !scalar.string.isEmpty else { return nil }
    return scalar.string
  }

  /// The items of a list, when every one is legal.
  func list<Item>(_ item: (ConfigurationNode) -> Item?) -> [Item]? {
    guard case .sequence(let nodes) = content else { return nil }
    let items = nodes.compactMap(item)
    return items.count == nodes.count ? items : nil
  }
}
