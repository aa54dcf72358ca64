import Files
import Foundation
import Images
import TestSupport
import Testing

/// Files are named by what is in them, whatever they are called.
struct FileSignatureTests {
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
  private static func zip(_ members: String...) -> [UInt8] {
    members.flatMap { [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 26) + bytes($0) }
  }

  private static let files: [(FileSignature, [UInt8])] = [
    (.jpeg, [0xFF, 0xD8, 0xFF, 0xE0]), (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
    (.webP, bytes("RIFF\u{1}\u{2}\u{3}\u{4}WEBPVP8 ")), (.gif, bytes("GIF89a")),
    (.bmp, bytes("BM") + [70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40] + [UInt8](repeating: 0, count: 20)),
    (.tiff, [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0]), (.tiff, [0x4D, 0x4D, 0, 0x2A]),
    (.heic, [0, 0, 0, 24] + bytes("ftypheic")),
    (.heic, [0, 0, 0, 24] + bytes("ftypmif1") + [0, 0, 0, 0] + bytes("heic")),
    (.avif, [0, 0, 0, 28] + bytes("ftypavif")),
    (.avif, [0, 0, 0, 28] + bytes("ftypmif1") + [0, 0, 0, 0] + bytes("avif")),
    (.safetensors, [200, 1, 0, 0, 0, 0, 0, 0] + bytes("{\"a\":")),
    (.pyTorch, zip("archive/data.pkl", "archive/data/0")),
    (.torchScript, zip("model/data.pkl", "model/code/__torch__.py", "model/constants.pkl")),
    (.legacyPyTorch, [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]),
    (.tarPyTorch, bytes("sys_info") + [UInt8](repeating: 0, count: 249) + bytes("ustar")),
    (.textPyTorch, bytes("L119547037146038801333356L\n.")), (.pickle, bytes("(dp0\n")), (.pickle, bytes("}q\0")),
    (.pickle, [0x80, 4, 0x95, 0, 0]), (.keras, [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]),
    (.keras, zip("metadata.json", "config.json", "model.weights.h5")), (.numPy, zip("a.npy")),
    (.numPy, [0x93] + bytes("NUMPY")), (.tensorFlow, [28, 0, 0, 0] + bytes("TFL3")),
    (.tensorFlow, bytes("model_checkpoint_path: \"model.ckpt-1\"\n")),
    (.onnx, [0x08, 7, 0x12, 7] + bytes("pytorch") + [0]), (.caffe, [0x0A, 3] + bytes("VGG") + [0xA2, 0x06, 0, 0]),
    (.html, bytes("\n<!DOCTYPE html>\n<html>")), (.html, bytes("<HTML><body>")), (.html, bytes("<!-- x -->\n<html>")),
    (.html, bytes("<!doctype html><title>404</title>")), (.html, bytes("<head></head>")),
    (.gitLFSPointer, bytes("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")), (.empty, []),
    (.gzip, [0x1F, 0x8B, 8]), (.zip, zip("a.txt")), (.xml, bytes("<?xml version=\"1.0\"?><Error/>")),
    (.json, bytes("{\"images\": []}")), (.text, bytes("version: 1\nmodel: {}\n")), (.text, bytes("BM: a key")),
  ]

  @Test func `Every kind is told by its content`() {
    for (signature, bytes) in Self.files {
      #expect(FileSignature(bytes) == signature, "\(signature): \(bytes)")
    }
    #expect(Set(Self.files.map(\.0)).union([.archive]) == Set(FileSignature.allCases))
    #expect(FileSignature([1, 2, 3, 0, 5, 6]) == nil)
  }

  @Test func `The members of a large archive are found at its end`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a"
    let filling = [UInt8](repeating: 7, count: 200_000)
    try Data(Self.zip("a/data.pkl") + filling + Self.zip("a/constants.pkl")).write(to: URL(fileURLWithPath: path))
    #expect(FileSignature(ofFile: path) == .torchScript)
    #expect(FileSignature(ofFile: directory.path) == nil && FileSignature(ofFile: path + "x") == nil)
  }

  @Test func `Other formats of images are refused by name, with what converts them`() throws {
    for (signature, bytes) in Self.files where signature.isImage && signature != .jpeg && signature != .png {
      let error = try #require(throws: ImageError.self) { try Image(decoding: bytes, path: "a.jpg") }
      #expect(error.reason.hasPrefix("\(signature.rawValue); only JPEG and PNG are read: convert it, as by '"))
    }
    let error = try #require(throws: ImageError.self) { try Image(decoding: Self.bytes("<html>"), path: "a.jpg") }
    #expect(
      error.reason
        == "neither a JPEG nor a PNG file but an HTML page, as a download leaves that has gone wrong: download it again"
    )
  }
}
