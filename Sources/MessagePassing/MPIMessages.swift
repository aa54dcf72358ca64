import CMPI

/// Messages of ``MPICommunicator`` that are on their way.
final class MPIMessages: MessagesUnderWay {
  private let rank: Int
  private var requests: [cmpi_request] = []

  init(rank: Int) { self.rank = rank }

  /// Takes a message that `start` begins.
  func add(_ call: String, _ start: (inout cmpi_request) -> Int32) throws(MessagePassingError) {
    var request = cmpi_request()
    try MPICommunicator.check(start(&request), call, rank: rank)
    requests.append(request)
  }

  func areDone() throws(MessagePassingError) -> Bool {
    var areDone: Int32 = 0
    let status = requests.withUnsafeMutableBufferPointer { requests in
      cmpi_test_all(Int32(requests.count), requests.baseAddress, &areDone)
    }
    try MPICommunicator.check(status, "MPI_Testall", rank: rank)
    return areDone != 0
  }
}
