import Models

/// What keys of other programs are called here: those of Ultralytics, detectron2, MMDetection, lufficc/SSD, torchvision's
/// references, and what people type by heart.
enum ForeignKeys {
  /// What to say of an unknown key, as "did you mean 'training.learning_rate'?"; nil when the key is not one of these.
  ///
  /// - Parameters:
  ///   - key: the key with its sections, in any case and with any separators; its last part matters, with the one before
  ///     where that alone would mean something else.
  ///   - known: whether a key exists.
  static func answer(to key: String, known: (String) -> Bool) -> String? {
    let parts = key.split(separator: ".").map(normalised)
    for name in [parts.suffix(2).joined(), parts.last ?? ""] {
      let others = (keys[name] ?? []).filter { $0 != key && known($0) }
      let near = others.filter { $0.split(separator: ".").first.map(normalised) == parts.first }
      let meant = near.isEmpty ? others : near
      if !meant.isEmpty { return "did you mean \(meant.map { "'\($0)'" }.joined(separator: " or "))?" }
      if let remark = remarks[name] { return remark }
    }
    return nil
  }

  /// Lower case, without separators: `Batch-Size`, `batch_size` and `batchSize` are one.
  private static func normalised(_ name: Substring) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  /// Names of others, and the keys that do the same.
  private static let keys: [String: [String]] = {
    let table: [(names: String, keys: [String])] = [
      ("lr lr0 baselr initiallr learningrate learnrate eta", ["training.learning_rate"]),
      ("batch batchsize globalbatch totalbatchsize imsperbatch trainbatchsize bs", ["training.global_batch"]),
      ("perdevicetrainbatchsize batchsizeperdevice", ["training.micro_batch", "training.global_batch"]),
      ("microbatch subbatch subdivisions imspergpu samplespergpu imgspergpu batchpergpu", ["training.micro_batch"]),
      (
        "epochs epoch maxepochs maxepoch numepochs nepochs totalepochs numtrainepochs",
        ["training.epochs", "training.iterations"]
      ),
      (
        "iterations iters maxiter maxiters maxiterations niter steps maxsteps numsteps totalsteps trainsteps maxbatches",
        ["training.iterations"]
      ),
      ("milestones lrsteps lrmilestones decaysteps stepsize solversteps", ["training.schedule.milestones"]),
      (
        "schedule scheduler lrscheduler lrschedule lrconfig coslr cosine policy lrpolicy lrschedulername lrschedulertype",
        ["training.schedule"]
      ),
      ("gamma lrgamma lrdecay factor lrfactor lrdecayrate", ["training.schedule.factor"]),
      (
        "warmup warmupepochs warmupiters warmupiterations warmupsteps warmupperiod burnin",
        ["training.schedule.warmup_iterations"]
      ),
      ("warmupfactor warmupratio warmuplr warmupbiaslr", ["training.schedule.warmup_factor"]),
      ("momentum sgdmomentum beta1", ["training.momentum"]),
      ("weightdecay wd decay l2", ["training.weight_decay"]),
      ("seed randomseed manualseed", ["training.seed"]),
      ("amp fp16 half bf16 bfloat16 mixedprecision precision dtype", ["training.precision"]),
      ("threads numthreads nthreads cpus", ["training.threads"]),
      ("workers numworkers dataloaderworkers loaderthreads workersperGPU nworkers", ["data.loader_threads"]),
      ("ema emadecay modelema", ["training.ema_decay"]),
      (
        "gradclip clipgradnorm clipgrad gradientclip gradclipnorm maxgradnorm clipgradients gradientclipnorm",
        ["training.gradient_clip_norm"]
      ),
      ("freeze freezelayers freezeat frozenstages freezebackbone", ["training.freeze"]),
      ("augment augmentation augmentations transforms hsvh fliplr mosaic", ["data.augmentation"]),
      (
        "pretrained weights checkpointpath loadfrom initweights pretrainedweights pretrainedmodel baseweights finetune",
        ["model.weights"]
      ),
      ("backbone arch architecture network model modelname cfg basenet metaarchitecture", ["model.name"]),
      ("anchors aspectratios minsizes maxsizes priors priorboxes defaultboxes", ["model.default_boxes"]),
      ("widthmultiple widthmult widthmultiplier alpha", ["model.width_multiplier"]),
      ("variance variances", ["model.variances"]),
      ("names classes labels classnames labelmap categories", ["data.classes"]),
      ("nc numclasses nclasses classcount", ["data.classes"]),
      (
        "path root dataset dataroot datadir datapath datasetdir datasetpath datasetroot voc vocroot cocoroot",
        ["data.root"]
      ),
      ("dir directory folder", ["data.root", "output"]),
      ("imagedir imagesdir imgdir imageroot imgprefix imagefolder", ["data.image_directory"]),
      ("train trainset trainsplit traindata trainimages trainfile", ["data.train_split"]),
      (
        "val valid validation test valset valsplit testset testsplit valdata evalset testdata",
        ["data.evaluation_split"]
      ),
      ("datatype datasettype datasetformat format", ["data.format"]),
      ("savedir outputdir outdir workdir workingdir logdir project rundir runs exp out", ["output"]),
      ("saveperiod saveinterval saveevery savesteps checkpointinterval checkpointperiod", ["checkpoint.every"]),
      ("maxkeepckpts keepcheckpoints savetotallimit", ["checkpoint.keep"]),
      ("evalperiod evalinterval evalevery valinterval valperiod testinterval evalsteps", ["evaluation.every"]),
      ("conf confthres confthreshold scorethresh scorethreshold confidence", ["evaluation.score_threshold"]),
      ("iou iouthres nms nmsthresh nmsiou nmsthreshold iouthreshold", ["evaluation.nms_threshold"]),
      ("maxdet maxdetections detectionsperimage keeptopk maxperimage", ["evaluation.keep"]),
      ("nmstopk topkcandidates", ["evaluation.top_k"]),
      ("metrics evalmetric", ["evaluation.metric"]),
      ("patience earlystopping earlystop", ["evaluation.patience"]),
      ("timeout stalltimeout", ["communication.stall_seconds"]),
    ]
    var keys: [String: [String]] = [:]
    for row in table {
      for name in row.names.lowercased().split(separator: " ") { keys[String(name)] = row.keys }
    }
    return keys
  }()

  /// Names of others that no key stands for, and what is to be known instead.
  private static let remarks: [String: String] = {
    let table: [(names: String, remark: String)] = [
      (
        "device devices gpu gpus ngpus numgpus cuda",
        "there is no such choice: training runs on the processors, 'training.threads' of a rank; mpirun -np N starts N ranks"
      ),
      (
        "worldsize ranks nodes numnodes localrank distributed ddp numprocesses",
        "the launcher decides: mpirun -np N starts N ranks"
      ),
      (
        "imgsz imgsize imagesize inputsize inputwidth inputheight resolution minsize size width height resize rect",
        "the network has a fixed input, "
          + Architecture.all.map { "\($0.input.sizeText) for 'model.name: \($0.name)'" }.joined(separator: ", ")
      ),
      ("optimizer optim solver", "the optimizer is SGD with 'training.momentum' and 'training.weight_decay'"),
      (
        "resume resumefrom autoresume continue",
        "training resumes by itself from the newest checkpoint of 'output'; see --resume auto|never|FILE"
      ),
      ("mean std pixelmean pixelstd imagemean imagestd normalize", "what is subtracted from the pixels is fixed"),
      ("lrf minlr etamin", "with 'training.schedule.kind: cosine' the rate ends at 0, with steps where 'factor' leads"),
      (
        "nbs",
        "nothing is scaled by the batch: 'training.learning_rate' is for the 'training.global_batch' that is given"
      ),
      ("negposratio posnegratio", "hard negative mining keeps 3 negatives for each positive, as the authors do"),
      ("syncbn", "the network has no batch normalization"),
      (
        "accumulate gradaccumulation gradientaccumulationsteps accumulategradbatches",
        "'training.global_batch' images are accumulated in micro-batches of 'training.micro_batch' by themselves"
      ),
      ("task mode save savejson plots show verbose cache exist ok existok", "nothing needs to be set for it"),
    ]
    var remarks: [String: String] = [:]
    for row in table {
      for name in row.names.split(separator: " ") { remarks[String(name)] = row.remark }
    }
    return remarks
  }()
}
