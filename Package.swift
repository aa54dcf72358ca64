// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built with warnings as errors; language mode 6 is the tools version's default.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// C is optimised in debug builds too: the kernels are useless at -O0.
let optimised: [CSetting] = [.unsafeFlags(["-O3", "-Wall", "-Werror"])]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func system(_ name: String, pkgConfig: String, debian: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

let package = Package(
  name: "multibox",
  products: [.executable(name: "multibox", targets: ["multibox"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    system("COpenBLAS", pkgConfig: "openblas", debian: "libopenblas-dev"),
    system("CTurboJPEG", pkgConfig: "libturbojpeg", debian: "libturbojpeg0-dev"),
    system("CCairo", pkgConfig: "cairo", debian: "libcairo2-dev"),
    system("CPNG", pkgConfig: "libpng", debian: "libpng-dev"),
    system("CLibXML2", pkgConfig: "libxml-2.0", debian: "libxml2-dev"),
    system("CMPI", pkgConfig: "ompi-c", debian: "libopenmpi-dev"),
    system("CCrypto", pkgConfig: "libcrypto", debian: "libssl-dev"),
    .target(name: "CKernels", cSettings: optimised),

    library("Randomness"),
    library("Tensors", ["CKernels", "COpenBLAS"]),
    library("Layers", ["Tensors", "Randomness"]),
    library("Detection"),
    library("Models", ["Layers", "Tensors", "Detection"]),
    library("Images", ["CTurboJPEG", "CCairo", "CPNG"]),
    library("Datasets", ["Detection", "Images", "Randomness", "Tensors", "CLibXML2"]),
    library("Evaluation", ["Detection"]),
    library("MessagePassing", ["CMPI"]),
    library(
      "Training",
      [
        "Models", "Layers", "Tensors", "Detection", "Datasets", "Images", "Evaluation", "MessagePassing",
        "Randomness", "CCrypto", .product(name: "Logging", package: "swift-log"), "Yams",
      ]),
    .executableTarget(
      name: "multibox",
      dependencies: [
        "Training", "Models", "Layers", "Tensors", "Detection", "Datasets", "Images", "Evaluation", "MessagePassing",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["Randomness", "Tensors"], path: "Tests/TestSupport", swiftSettings: strict),
    .executableTarget(
      name: "HashingProgram", dependencies: ["Training", "CCrypto"], path: "Tests/HashingProgram",
      swiftSettings: strict),
    tests("RandomnessTests", ["Randomness"]),
    tests("TensorsTests", ["Tensors", "TestSupport"]),
    tests("LayersTests", ["Layers", "Tensors", "Randomness", "TestSupport"]),
    tests("DetectionTests", ["Detection", "Randomness"]),
    tests("ModelsTests", ["Models", "Layers", "Tensors", "Detection", "Randomness"]),
    tests("ImagesTests", ["Images", "Randomness", "TestSupport"]),
    tests("DatasetsTests", ["Datasets", "Detection", "Images", "Randomness", "Tensors", "TestSupport"]),
    tests("EvaluationTests", ["Evaluation", "Detection", "Randomness"]),
    tests("MessagePassingTests", ["MessagePassing"]),
    tests(
      "TrainingTests",
      [
        "Training", "Models", "Layers", "Tensors", "Detection", "Datasets", "Images", "Evaluation", "MessagePassing",
        "Randomness",
        "HashingProgram", "TestSupport", .product(name: "Logging", package: "swift-log"),
      ]),
    tests("CommandTests", ["multibox", "Training", "Datasets", "Images", "Tensors", "TestSupport"]),
    tests("ClusterTests", ["multibox", "TestSupport"]),
  ]
)
