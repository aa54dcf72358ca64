extension SyntheticScene {
  /// The annotation of the scene in the form of Pascal VOC.
  ///
  /// Boxes span the outermost visible pixels, both included and counted from 1. `truncated` marks objects that reach
  /// beyond the border, `difficult` those of which the border and other objects hide more than a fifth.
  package func annotation(fileName: String) -> String {
    var lines = [
      "<annotation>", "\t<folder>synthetic</folder>", "\t<filename>\(fileName)</filename>",
      "\t<source>", "\t\t<database>multibox synthesize</database>", "\t</source>",
      "\t<size>", "\t\t<width>\(width)</width>", "\t\t<height>\(height)</height>", "\t\t<depth>3</depth>", "\t</size>",
      "\t<segmented>0</segmented>",
    ]
    for (object, visible) in zip(objects, visibilities) {
      let isDifficult = visible.hiddenPart(of: object) > Self.difficultHiddenPart
      let isTruncated = visible.areaInside < object.area
      lines += [
        "\t<object>", "\t\t<name>\(object.shape.rawValue)</name>", "\t\t<pose>Unspecified</pose>",
        "\t\t<truncated>\(isTruncated ? 1 : 0)</truncated>", "\t\t<difficult>\(isDifficult ? 1 : 0)</difficult>",
        "\t\t<bndbox>", "\t\t\t<xmin>\(visible.left + 1)</xmin>", "\t\t\t<ymin>\(visible.top + 1)</ymin>",
        "\t\t\t<xmax>\(visible.right + 1)</xmax>", "\t\t\t<ymax>\(visible.bottom + 1)</ymax>", "\t\t</bndbox>",
        "\t</object>",
      ]
    }
    return (lines + ["</annotation>", ""]).joined(separator: "\n")
  }
}
