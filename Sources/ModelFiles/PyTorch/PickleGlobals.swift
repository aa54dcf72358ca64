/// What names in a pickle mean.
enum PickleGlobals {
  static let orderedDictionary = "collections.OrderedDict"

  /// Elements of the storages of PyTorch, by the last part of their names.
  static let storages: [String: ElementType] = [
    "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "LongStorage": .signed64, "IntStorage": .signed32, "ShortStorage": .signed16, "CharStorage": .signed8,
    "ByteStorage": .unsigned8, "BoolStorage": .boolean, "ComplexFloatStorage": .complex64,
  ]

  /// Names of modules, of three parts at most, through which a program reaches the system or runs code. Nothing here would run them; a file that names
  /// one is an attack on programs that do.
  private static let systemModules: Set<String> = [
    "os", "posix", "nt", "subprocess", "sys", "importlib", "imp", "runpy", "socket", "shutil", "ctypes", "_ctypes",
    "pickle",
    "_pickle", "cPickle", "marshal", "code", "codeop", "pty", "commands", "popen2", "webbrowser", "platform",
    "multiprocessing", "asyncio", "threading", "_thread", "thread", "signal", "builtins", "__builtin__", "__builtins__",
    "operator", "_operator", "functools", "itertools", "types", "inspect", "tempfile", "io", "_io", "glob", "fileinput",
    "urllib", "urllib2", "http", "ftplib", "smtplib", "telnetlib", "requests", "pip", "site", "bdb", "pdb", "cProfile",
    "profile", "timeit", "trace", "doctest", "unittest", "distutils", "setuptools", "zipimport", "pkgutil", "linecache",
    "shelve", "dbm", "sqlite3", "mmap", "fcntl", "resource", "gc", "weakref", "atexit", "logging", "pydoc", "ast",
    "compileall", "py_compile", "concurrent", "contextlib", "ssl", "select", "crypt", "getpass", "nturl2path",
    "pathlib2",
    "torch.hub", "torch.jit", "torch.ops", "torch.package", "torch.utils.cpp_extension", "torch._dynamo",
    "torch._inductor",
    "torch.storage._load_from_bytes", "numpy.testing", "numpy.distutils", "numpy.f2py", "numpy.load", "numpy.fromfile",
  ]

  /// Names of these modules that do nothing but hold data.
  private static let harmless: Set<String> = {
    let builtins = [
      "set", "frozenset", "dict", "list", "tuple", "int", "long", "float", "complex", "bytes", "bytearray", "bool",
      "str",
      "unicode", "slice", "range", "xrange", "object", "type",
    ]
    return Set(["builtins.", "__builtin__."].flatMap { module in builtins.map { module + $0 } })
      .union(["types.SimpleNamespace", "functools.partial", "logging.Logger", "operator.itemgetter"])
  }()

  /// Functions and classes whose call gives an inert object.
  private static let inert: Set<String> = harmless.union([
    "argparse.Namespace", "collections.defaultdict", "collections.Counter", "collections.deque",
    "copyreg._reconstructor",
    "copy_reg._reconstructor", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta",
    "datetime.timezone", "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "pathlib.Path", "pathlib.PosixPath",
    "pathlib.WindowsPath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath", "pathlib._local.PosixPath",
    "pathlib._local.WindowsPath", "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct", "numpy._core.multiarray.scalar", "numpy._core.multiarray._reconstruct",
    "numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor", "torch.device",
    "torch.Generator",
    "torch.torch_version.TorchVersion", "re._compile",
  ])
  private static let inertPrefixes = [
    "torch._utils._rebuild_", "torch.serialization._get_layout", "torch._tensor._rebuild_", "torch.distributed.",
    "mmengine.", "mmcv.", "mmdet.", "yacs.",
    "omegaconf.", "easydict.", "addict.", "fvcore.", "detectron2.", "numpy.dtypes.",
  ]

  /// Why a name may not occur at all; nil where it may.
  static func refusal(of name: String) -> String? {
    guard !harmless.contains(name) else { return nil }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let modules = (1...min(3, parts.count)).map { parts.prefix($0).joined(separator: ".") }
    guard modules.contains(where: systemModules.contains) else { return nil }
    return
      "names '\(name)', which no file of weights needs and which other programs would execute; nothing was executed, do not open the file elsewhere"
  }

  /// Whether a call of a function or class may become an inert object.
  static func isInert(_ name: String) -> Bool {
    inert.contains(name) || inertPrefixes.contains { name.hasPrefix($0) }
  }

  /// Elements of a storage class; nil for other names.
  static func elements(ofStorage name: String) -> ElementType? {
    guard name.hasPrefix("torch."), let last = name.split(separator: ".").last else { return nil }
    return storages[String(last)]
  }
}
