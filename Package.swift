// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built with warnings as errors; language mode 6 is the tools version's default.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// The test targets that are built: all, or those that the environment variable names, so that a build under a sanitizer is short.
let testTargets = Context.environment["TEST_TARGETS"]?.split(separator: " ").map(String.init)

/// Whether C is checked for undefined behaviour, which takes the compiler up to twenty times as long.
let checksUndefinedBehaviour = Context.environment["TEST_UNDEFINED_BEHAVIOUR"] == "1"

/// What `MULTIBOX_MPI` may be: the MPIs to build for, their names in pkg-config and their packages in Debian.
let messagePassingLibraries = [
  "openmpi": (pkgConfig: "ompi-c", debian: "libopenmpi-dev"), "mpich": (pkgConfig: "mpich", debian: "libmpich-dev"),
]
let messagePassing = Context.environment["MULTIBOX_MPI"].flatMap { $0.isEmpty ? nil : $0 } ?? "openmpi"
guard let messagePassingLibrary = messagePassingLibraries[messagePassing] else {
  fatalError("MULTIBOX_MPI is '\(messagePassing)'; the program is built for 'openmpi' or for 'mpich'")
}

/// Ends the process where C does what the language does not define. Swift does so always.
let undefinedBehaviour = ["-fsanitize=undefined", "-fsanitize-trap=undefined"]

/// C is optimised in debug builds too: the kernels are useless at -O0.
let optimised: [CSetting] = [
  .unsafeFlags(["-O3", "-Wall", "-Wextra", "-Wvla", "-Werror"] + (checksUndefinedBehaviour ? undefinedBehaviour : []))
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func system(_ name: String, path: String? = nil, pkgConfig: String, debian: String) -> Target {
  .systemLibrary(name: name, path: path, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

/// What the detector is built from, and all that stands on it.
let inference: [Target.Dependency] = [
  "Models", "Layers", "Tensors", "Kernels", "Detection", "Datasets", "Loading", "Images", "Evaluation",
  "MessagePassing",
  "ModelFiles", "Files", "Configuration", "Randomness", "Threads", .product(name: "Logging", package: "swift-log"),
]

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
    // A directory each: the compiler keeps what it has read of a module by the place of its map.
    system(
      "CMPI", path: "Sources/CMPI/\(messagePassing)", pkgConfig: messagePassingLibrary.pkgConfig,
      debian: messagePassingLibrary.debian),
    system("CCrypto", pkgConfig: "libcrypto", debian: "libssl-dev"),
    .target(name: "CKernels", cSettings: optimised),

    // Writes the commit at every build, into a target that nothing but the program depends on.
    .plugin(name: "BuildIdentityPlugin", capability: .buildTool(), path: "Plugins/BuildIdentity"),
    .target(name: "Build", swiftSettings: strict, plugins: ["BuildIdentityPlugin"]),

    library("Randomness"),
    library("Threads"),
    library("Kernels", ["CKernels"]),
    library("Tensors", ["Kernels", "COpenBLAS"]),
    library("Layers", ["Tensors", "Kernels", "Randomness"]),
    library("Detection", ["Kernels"]),
    library("Models", ["Layers", "Tensors", "Kernels", "Detection"]),
    library("Files", ["Threads", "CCrypto", .product(name: "Logging", package: "swift-log")]),
    library("ModelFiles", ["Tensors", "Files"]),
    library("Images", ["Files", "CTurboJPEG", "CCairo", "CPNG"]),
    library("Datasets", ["Threads", "Detection", "Images", "Files", "CLibXML2", "Yams"]),
    library("Loading", ["Threads", "Datasets", "Detection", "Images", "Tensors", "Kernels", "Randomness"]),
    library("Splitting", ["Threads", "Datasets", "Images", "Files", "Randomness"]),
    library("Synthetic", ["Threads", "Datasets", "Images", "Files", "Randomness"]),
    library("Evaluation", ["Detection"]),
    library("MessagePassing", ["Kernels", "Threads", "CMPI"]),
    library("Prediction", ["MessagePassing", "Randomness", "Files"]),
    library(
      "Configuration",
      [
        "Models", "Layers", "Tensors", "Kernels", "Detection", "Datasets", "Loading", "Images", "Evaluation",
        "MessagePassing",
        "Files",
        "Yams",
      ]),
    library("Exchange", ["Configuration", "MessagePassing", "Tensors", "Kernels", "Threads"]),
    library("Inference", inference),
    library("Training", inference + ["Inference", "Exchange"]),
    library("Reporting", inference + ["Inference", "Training"]),
    library("Measurement", inference + ["Inference", "Training", "Exchange", "Prediction"]),
    library("Doctor", inference + ["Inference", "Training", "Measurement"]),
    .executableTarget(
      name: "multibox",
      dependencies: inference + [
        "Build", "Inference", "Exchange", "Training", "Reporting", "Measurement", "Doctor", "Splitting", "Synthetic",
        "Prediction",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport",
      dependencies: ["Threads", "Files", "Randomness", "Tensors", "Kernels", "Datasets", "Images"],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    .executableTarget(
      name: "HashingProgram", dependencies: ["Files", "CCrypto"], path: "Tests/HashingProgram", swiftSettings: strict),
    tests("RandomnessTests", ["Randomness"]),
    tests("KernelsTests", ["Kernels", "Randomness", "TestSupport"]),
    tests("TensorsTests", ["Tensors", "TestSupport"]),
    tests("LayersTests", ["Layers", "Tensors", "Kernels", "Randomness", "TestSupport"]),
    tests("DetectionTests", ["Detection", "Kernels", "Models", "Randomness"]),
    tests("ModelsTests", ["Models", "Layers", "Tensors", "Kernels", "Detection", "Randomness"]),
    tests("FilesTests", ["Files", "HashingProgram", "TestSupport"]),
    tests("ModelFilesTests", ["ModelFiles", "Files", "Inference", "TestSupport"]),
    tests("ImagesTests", ["Images", "Files", "Randomness", "TestSupport"]),
    tests("DatasetsTests", ["Datasets", "Detection", "Images", "Randomness", "Synthetic", "TestSupport"]),
    tests(
      "LoadingTests", ["Loading", "Threads", "Datasets", "Detection", "Images", "Kernels", "Randomness", "TestSupport"]),
    tests("SplittingTests", ["Splitting"]),
    tests("SyntheticTests", ["Synthetic", "Threads", "Datasets", "Files", "Images"]),
    tests("EvaluationTests", ["Evaluation", "Detection", "Randomness"]),
    tests("MessagePassingTests", ["MessagePassing", "Kernels", "Threads", "Randomness"]),
    tests("ExchangeTests", ["Exchange", "Configuration", "MessagePassing", "Tensors", "Kernels", "Randomness"]),
    tests("PredictionTests", ["Prediction", "MessagePassing"]),
    tests("ConfigurationTests", ["Configuration", "Datasets", "Detection", "Training", "TestSupport"]),
    tests("InferenceTests", ["Inference"] + inference + ["TestSupport"]),
    tests("TrainingTests", ["Training", "Reporting", "Inference", "Synthetic"] + inference + ["TestSupport"]),
    tests("MeasurementTests", ["Measurement", "Training", "Layers", "Tensors", "MessagePassing"]),
    tests(
      "DoctorTests",
      [
        "Doctor", "Measurement", "Training", "Tensors", "Configuration", "MessagePassing", "Models", "Images",
        "Synthetic", "TestSupport",
      ]),
    tests("CommandTests", ["multibox", "Synthetic"] + inference + ["TestSupport"]),
    tests("ClusterTests", ["multibox", "TestSupport"]),
  ].filter { $0.type != .test || testTargets?.contains($0.name) ?? true }
)
