import Foundation
import Threads

/// The right to write into a run directory, held by one process at a time: the file `run.lock` names it.
///
/// Works on file systems that hosts share: the file appears by link(2), which is atomic there too, and no lock of the kernel is
/// needed. While the lock is held, a thread renews the file's time every few seconds. A lock whose process has ended is taken over:
/// on the same machine at once, on another one when its file has not been renewed for ``patience`` seconds.
///
/// It is to be given back by ``release()``; of several processes that find an abandoned lock, the one that creates a claim to that very owner's succession takes it over.
package final class RunLock: @unchecked Sendable {
  /// The name of the file.
  package static let fileName = "run.lock"
  /// Seconds after which a lock from another machine counts as abandoned when it is not renewed.
  package static let patience = 60.0
  private static let renewal = 5.0

  private let directory: String
  private let path: String
  private let owner: RunLockOwner
  private let patience: Double
  private let madeDirectory: Bool
  private let calls: any SystemCalls
  private let isReleased = Monitor(false)

  /// Takes a run directory, which is made when it does not exist.
  ///
  /// - Parameters:
  ///   - owner: the process.
  ///   - patience: see ``patience``.
  ///   - notice: told why this takes long, or whose lock was taken over.
  ///   - progress: called while the lock of another machine is watched; what it throws ends the wait.
  ///   - lost: called, in a thread of its own, when another process has taken the directory although this one runs.
  /// - Throws: ``FileError`` naming the process that holds the directory, or what cannot be written; what `progress` throws.
  package init(
    _ directory: String, owner: RunLockOwner = RunLockOwner(), patience: Double = RunLock.patience,
    notice: (String) -> Void = { _ in }, progress: () throws -> Void = {},
    lost: @escaping @Sendable (FileError) -> Void = { _ in }, calls: any SystemCalls = LinuxCalls()
  ) throws {
    self.directory = directory
    self.calls = calls
    self.patience = patience
    path = directory + "/" + Self.fileName
    madeDirectory = !FileManager.default.fileExists(atPath: directory)
    try Directory.create(directory)
    var owner = owner
    owner.place = RunLockOwner.Place(of: directory)
    self.owner = owner
    try acquire(notice, progress)
    removeLeftovers()
    let thread = Thread { [self] in renew(lost) }
    thread.name = "run lock"
    thread.start()
  }

  /// Gives the directory back. Idempotent.
  package func release() {
    let isFirst = isReleased.withLock { isReleased in
      defer { isReleased = true }
      return !isReleased
    }
    guard isFirst, Self.owner(of: path)?.identity == owner.identity else { return }
    remove(path)
    // A run that was refused leaves nothing; a directory that holds anything stays.
    if madeDirectory { rmdir(directory) }
  }

  /// The process that holds a run directory, if one does that has not verifiably ended.
  ///
  /// - Returns: also whether it verifiably runs.
  package static func holder(
    of directory: String, seenBy observer: RunLockOwner = RunLockOwner()
  ) -> (owner: RunLockOwner, runs: Bool)? {
    guard let owner = owner(of: directory + "/" + fileName) else { return nil }
    let life = owner.life(seenBy: observer)
    if life == .ended || life == .running && owner.isOfOther(RunLockOwner.Place(of: directory)) { return nil }
    return (owner, life == .running)
  }

  // MARK: Taking

  private func acquire(_ notice: (String) -> Void, _ progress: () throws -> Void) throws {
    let own = try temporary("new")
    defer { remove(own) }
    while try !link(own, as: path) {
      let (found, age) = try look(at: path)
      try requireFile()
      guard let age else {
        // Given back in between, as a rule.
        Thread.sleep(forTimeInterval: 0.01)
        continue
      }
      guard try isAbandoned(found, age: age, notice, progress) else { throw held(by: found, age: age) }
      guard try succeed(found, own) else { continue }
      let name = found?.description ?? "an unknown process"
      notice(
        found?.life(seenBy: owner) == .running
          ? "\(path): a copy of the lock of \(name), which trains in \(found?.place?.path ?? ""); replaced"
          : "\(path): taken over from \(name), which has ended without giving it back")
      return
    }
  }

  /// Refuses something else of the lock's name, which would never go away.
  private func requireFile() throws(FileError) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
    let kind = status.st_mode & S_IFMT == S_IFLNK ? "a symbolic link" : "not a file"
    throw FileError(path, "\(kind), where the lock of the run is to be: remove it")
  }

  /// The lock's file under a name of its own, complete.
  private func temporary(_ purpose: String) throws(FileError) -> String {
    let name = "\(directory)/.\(Self.fileName).\(owner.identity).\(purpose)"
    guard let text = try? JSONText.page(owner) else { preconditionFailure("an owner is not encodable") }
    do throws(FileError) {
      try AtomicFile.replace(name, with: text + "\n", calls: calls)
    } catch {
      // It may have its name although the directory could not be flushed.
      remove(name)
      throw error
    }
    return name
  }

  /// Gives a file a second name; false when the name is taken.
  private func link(_ file: String, as name: String) throws(FileError) -> Bool {
    let failure: FileError
    do throws(FileError) {
      try FileError.naming(name, cannot: "create") { () throws(SystemError) in try calls.link(file, as: name) }
      return true
    } catch { failure = error }
    // The answer of a file server may be lost although it has done the work.
    var status = stat()
    if stat(file, &status) == 0, status.st_nlink > 1, Self.owner(of: name)?.identity == owner.identity { return true }
    switch failure.errorNumber {
    case EEXIST: return false
    case EPERM, EOPNOTSUPP, ENOSYS, EMLINK: return try copy(file, as: name)
    default: throw failure
    }
  }

  /// For file systems without links; a reader may see the file before its content is there.
  private func copy(_ file: String, as name: String) throws(FileError) -> Bool {
    let bytes = try FileContent.bytes(of: file, calls: calls)
    let copy: Descriptor
    do throws(FileError) {
      copy = try Descriptor(name, O_WRONLY | O_CREAT | O_EXCL, cannot: "create", calls: calls)
    } catch {
      if error.errorNumber == EEXIST { return false }
      throw error
    }
    do throws(FileError) {
      try copy.write(bytes)
    } catch {
      // Half a lock names nobody, and would hold up the next run.
      remove(name)
      throw error
    }
    return true
  }

  /// Removes a file, if that can be done.
  private func remove(_ file: String) { try? Directory.remove(file, calls: calls) }

  /// Replaces the lock of an owner that has ended; false when another process was faster.
  private func succeed(_ dead: RunLockOwner?, _ own: String) throws(FileError) -> Bool {
    var claims: [String] = []
    defer { for claim in claims { remove(claim) } }
    var identity = dead?.identity
    while true {
      let claim = "\(directory)/.\(Self.fileName).after-\(identity ?? "unknown")"
      if try link(own, as: claim) {
        claims.append(claim)
        break
      }
      // Whoever claimed it first may have ended in between, and has a successor itself.
      let (other, age) = try look(at: claim)
      let life = other?.life(seenBy: owner) ?? .elsewhere
      guard let age, life == .ended || life == .elsewhere && age >= patience else {
        Thread.sleep(forTimeInterval: 0.05)
        return false
      }
      claims.append(claim)
      identity = other?.identity ?? "unknown-\(identity ?? "unknown")"
    }
    // Nobody else may replace this owner's lock now; but somebody may have done it before.
    guard FileManager.default.fileExists(atPath: path), Self.owner(of: path)?.identity == dead?.identity else {
      claims = claims.suffix(1)
      return false
    }
    let fresh = try temporary("successor")
    try FileError.naming(path, cannot: "replace") { () throws(SystemError) in try calls.rename(fresh, to: path) }
    return true
  }

  /// Removes what starters have left that were killed while they took the lock, long ago.
  private func removeLeftovers() {
    guard let now = Self.modification(path) else { return }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    where name.hasPrefix(".") && name.contains(".\(Self.fileName).") {
      if let then = Self.modification("\(directory)/\(name)"), now - then > 10 * patience {
        remove("\(directory)/\(name)")
      }
    }
  }

  // MARK: Judging

  private static func owner(of path: String) -> RunLockOwner? {
    (try? FileContent.bytes(of: path)).flatMap { try? JSONDecoder().decode(RunLockOwner.self, from: Data($0)) }
  }

  /// Whose lock it is, and seconds since it was renewed by the clock of the file system; no age when it is gone.
  private func look(at path: String) throws(FileError) -> (RunLockOwner?, Double?) {
    let found = Self.owner(of: path)
    let clock = try temporary("clock")
    defer { remove(clock) }
    guard let now = Self.modification(clock), let then = Self.modification(path) else { return (nil, nil) }
    return (found, now - then)
  }

  /// Seconds since 1970. Opens the file, if it may, so that a network file system asks its server.
  private static func modification(_ path: String) -> Double? {
    var status = stat()
    do throws(FileError) {
      status = try Descriptor(path).status()
    } catch {
      guard error.errorNumber == EACCES, stat(path, &status) == 0 else { return nil }
    }
    return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
  }

  private func isAbandoned(
    _ found: RunLockOwner?, age: Double, _ notice: (String) -> Void, _ progress: () throws -> Void
  ) throws -> Bool {
    switch found?.life(seenBy: owner) {
    case .ended: return true
    // A directory that was copied while it was trained in has another's lock.
    case .running: return found?.isOfOther(owner.place) == true
    case .elsewhere, nil: break
    }
    // The time of the file may lie ahead.
    let age = max(0, age)
    if age >= patience { return true }
    let name = found?.description ?? "an unknown process"
    notice(
      "\(directory) was in use by \(name), \(Int(age)) s ago; watching for up to \(Int(patience - age)) s whether it still is"
    )
    // Once more than a renewal passes without one, it only remains to be sure.
    let end = ContinuousClock.now + .seconds(patience - age)
    let first = Self.modification(path)
    while ContinuousClock.now < end {
      Thread.sleep(forTimeInterval: min(0.5, patience / 10))
      try progress()
      guard let time = Self.modification(path) else { return true }
      if time != first { return false }
    }
    return true
  }

  private func held(by found: RunLockOwner?, age: Double) -> FileError {
    let name = found?.description ?? "an unknown process"
    let remedy =
      found?.life(seenBy: owner) == .running
      ? "wait until it ends or stop it (kill \(found?.process ?? 0)), or use another directory: --output DIR"
      : "wait until it ends or stop it there, or use another directory: --output DIR; if it has ended, run again in \(Int(patience)) s or remove \(path)"
    return FileError(
      directory, "in use by \(name): two programs in one run directory overwrite each other; \(remedy)")
  }

  // MARK: Holding

  private func renew(_ lost: (FileError) -> Void) {
    while waits() {
      // Not while the state is locked: a file server that does not answer must not hold up an end of the process.
      let found = Self.owner(of: path)
      if let found, found.identity != owner.identity {
        lost(FileError(directory, "taken over by \(found.description), while this process did not renew \(path)"))
        return
      }
      utimensat(AT_FDCWD, path, nil, 0)
    }
  }

  /// Waits for the next renewal; false when the lock is given back.
  private func waits() -> Bool {
    isReleased.wait(until: Date(timeIntervalSinceNow: min(Self.renewal, patience / 6))) {
      $0 ? true : nil
    } == nil
  }
}
