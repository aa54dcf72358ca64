import Doctor
import Measurement
import Tensors
import Testing

/// What the doctor says of the number of compute threads.
struct ThreadFindingTests {
  /// One loop of twelve equal tasks.
  private let twelve = ThreadPartition(
    loops: [.init(owner: "conv", seconds: 12, tasks: Array(repeating: 1, count: 12))], seconds: 12, meetingSeconds: 0)

  @Test func `Threads that are busy are well`() {
    let finding = twelve.finding(threads: 4)
    #expect(finding.check == "threads" && finding.status == .ok && finding.remedy == nil)
    #expect(
      finding.message
        == "4 compute threads are busy for 100 % of a step by its partition; 2: 100 %, 8: 75 %, 16: 75 %, 32: 38 %, 64: 19 %, "
        + "128: 9 % (simulated, without what they take from each other's caches and memory)")
    #expect(twelve.finding(threads: 1).message.hasPrefix("1 compute thread is busy for 100 % of a step"))
  }

  @Test func `Threads that wait are too many, and how many are not is said`() {
    let finding = twelve.finding(threads: 18)
    #expect(finding.status == .warning && finding.message.hasPrefix("18 compute threads are busy for 67 %"))
    #expect(
      finding.remedy == "start 3 times as many ranks with --set training.threads=6, which are busy for 100 %")
    let alone = "start 31 times as many ranks with --set training.threads=1, which are busy for 100 %"
    #expect(twelve.finding(threads: 31).remedy == alone)
  }
}
