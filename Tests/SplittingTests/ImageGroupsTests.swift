import Splitting
import Testing

/// Which images are kept in the same split.
struct ImageGroupsTests {
  private func groups(
    _ names: [String], classes: [String] = ["thing"], contents: [UInt64]? = nil,
    frames: ImageGroups.FrameRule = .automatic
  ) -> [Set<String>] {
    let objects = Dictionary(uniqueKeysWithValues: classes.map { ($0, 1) })
    let images = names.map { SplitImage(name: $0, path: nil, objects: objects) }
    let groups = ImageGroups(
      images, contents: contents ?? [UInt64](repeating: 0, count: names.count), frames: frames)
    #expect(groups.groups.joined().sorted() == Array(names.indices), "every image is in one group")
    return groups.groups.filter { $0.count > 1 }.map { Set($0.map { names[$0] }) }
  }

  private func numbered(_ prefix: String, _ count: Int, _ suffix: String = "") -> [String] {
    (1...count).map { prefix + String(repeating: "0", count: 6 - "\($0)".count) + "\($0)" + suffix }
  }

  @Test func `Frames of a video are kept together`() {
    let (day, night) = (numbered("clip_", 6), numbered("night-", 4))
    #expect(groups(day + night + ["street", "house"]) == [Set(day), Set(night)])
    #expect(groups(day + night, frames: .never).isEmpty)
    let inDirectories = numbered("videos/1/frame_", 3, ".jpg") + numbered("videos/2/frame_", 3, ".jpg")
    #expect(groups(inDirectories) == [Set(inDirectories.prefix(3)), Set(inDirectories.suffix(3))])
    let uploaded = ["0a1b2c3d-clip_01.png", "99887766-clip_02.png", "street.png"]
    #expect(groups(uploaded) == [Set(uploaded.prefix(2))])
  }

  @Test(arguments: ["raccoon-", "BloodImage_", "maksssksksss", "", "clip_", "images/frame"])
  func `What all images are numbered by is no video, unless it is said to be`(prefix: String) {
    let names = numbered(prefix, 40)
    #expect(groups(names).isEmpty)
    #expect(groups(names + ["street", "house"]).isEmpty, "a few others do not make it one")
    #expect(groups(names, frames: .always) == [Set(names)])
  }

  @Test(arguments: [
    ["2007_", "2008_"], ["IMG_", "DSC"], ["IMG_20240101_", "IMG_20240102_"], ["cat.", "Dog_"], ["p/1/", "p/2/"],
  ])
  func `Numbers of single images are no frames`(prefixes: [String]) {
    let names = prefixes.flatMap { numbered($0, 6, ".jpg") }
    #expect(groups(names, classes: ["cat", "dog"]).isEmpty)
    #expect(groups(names, classes: ["cat", "dog"], frames: .always).count == 2)
  }

  @Test func `Versions by Roboflow and copies are kept together, and whoever is bound to both`() {
    let names = [
      "a_jpg.rf.00ff.jpg", "a_jpg.rf.11ee.jpg", "b_jpg.rf.22dd.jpg", "c_png.rf.33cc.jpg", "c_png.rf.44bb.jpg", "d.jpg",
      "clip_mp4-1_jpg.rf.55aa.jpg", "clip_mp4-2_jpg.rf.66.jpg",
    ]
    // b is a copy of a version of c, and d is like no other.
    let contents: [UInt64] = [1, 2, 3, 4, 3, 5, 6, 7]
    let found = groups(names, contents: contents)
    #expect(found == [Set(names[0...1]), Set(names[2...4]), Set(names[6...7])])
    #expect(groups(names, contents: contents, frames: .never).count == 2)
  }
}
