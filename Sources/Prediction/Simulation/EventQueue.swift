/// What happens at a rank, and when.
struct Event {
  let time: Double
  let rank: Int32
  /// The bucket.
  let bucket: Int32
  /// The step whose messages are there; nil where the bucket is complete at the rank itself.
  let step: Int32?
}

/// Events that have yet to happen, the earliest first: a binary heap.
struct EventQueue {
  private var events: [Event] = []

  /// Adds an event.
  mutating func insert(_ event: Event) {
    events.append(event)
    var place = events.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard events[place].time < events[parent].time else { return }
      events.swapAt(place, parent)
      place = parent
    }
  }

  /// Takes the earliest event; nil when there is none.
  mutating func next() -> Event? {
    guard let first = events.first else { return nil }
    let last = events.removeLast()
    guard !events.isEmpty else { return first }
    events[0] = last
    var place = 0
    while true {
      var smallest = place
      for child in [2 * place + 1, 2 * place + 2] where child < events.count {
        if events[child].time < events[smallest].time { smallest = child }
      }
      if smallest == place { return first }
      events.swapAt(place, smallest)
      place = smallest
    }
  }
}
