import MessagePassing
import Testing

struct BFloat16Tests {
  /// The nearest of all 65,536 values, ties to the even one: by search.
  @Test func roundsToTheNearest() {
    let finite = (0...UInt16.max).filter { BFloat16.value($0).isFinite }.sorted {
      BFloat16.value($0) < BFloat16.value($1)
    }
    for index in stride(from: 1, to: finite.count - 1, by: 97) {
      let (low, high) = (BFloat16.value(finite[index]), BFloat16.value(finite[index + 1]))
      guard low < high else { continue }
      #expect(BFloat16.value(BFloat16.bits(low)) == low)
      let middle = Float((Double(low) + Double(high)) / 2)
      guard middle > low, middle < high else { continue }
      #expect(BFloat16.value(BFloat16.bits(middle.nextDown)) == low)
      #expect(BFloat16.value(BFloat16.bits(middle.nextUp)) == high)
      #expect(BFloat16.bits(middle) & 1 == 0, "\(middle) lies half way")
    }
  }

  @Test func whatIsNotANumberStaysSo() {
    #expect(BFloat16.value(BFloat16.bits(.nan)).isNaN)
    #expect(BFloat16.value(BFloat16.bits(Float(bitPattern: 0x7F80_0001))).isNaN)
    #expect(BFloat16.value(BFloat16.bits(-.infinity)) == -.infinity)
    #expect(BFloat16.value(BFloat16.bits(.greatestFiniteMagnitude)) == .infinity)
  }
}
