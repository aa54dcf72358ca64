"""Images in the layout of Pascal VOC as torchvision takes them, with the augmentations of Multibox by torchvision.transforms.v2."""

import xml.etree.ElementTree

import torch
import torchvision
from torchvision import tv_tensors
from torchvision.transforms import v2

SIDE = 300
MEAN = (123, 117, 104)

AUGMENTATIONS = {
    "ssd": [
        v2.RandomPhotometricDistort(),
        v2.RandomZoomOut(fill={tv_tensors.Image: list(MEAN)}),
        v2.RandomIoUCrop(),
        v2.RandomHorizontalFlip(),
        v2.SanitizeBoundingBoxes(),
    ],
    "flip": [v2.RandomHorizontalFlip()],
    "none": [],
}


def names(root, split):
    lines = (root / "ImageSets" / "Main" / f"{split}.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def read_image(root, name):
    return torchvision.io.read_image(str(root / "JPEGImages" / f"{name}.jpg"), torchvision.io.ImageReadMode.RGB)


def read_objects(root, name):
    """Boxes [objects, 4] in pixels from edge to edge, and names of classes; without boxes that have no area."""
    boxes, classes = [], []
    for entry in xml.etree.ElementTree.parse(root / "Annotations" / f"{name}.xml").iterfind("object"):
        left, top, right, bottom = (float(entry.findtext(f"bndbox/{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax"))
        if left < right and top < bottom:
            boxes.append([left - 1, top - 1, right, bottom])
            classes.append(entry.findtext("name"))
    return torch.tensor(boxes).reshape(-1, 4), classes


class AnnotatedImages(torch.utils.data.Dataset):
    """The images of a split that have objects, each augmented anew whenever it is asked for.

    Without a list of classes every object gets label 1.
    """

    def __init__(self, root, split, transforms, classes=None):
        self.root = root
        self.transform = v2.Compose(transforms)
        self.entries = []
        for name in names(root, split):
            boxes, found = read_objects(root, name)
            # The crop of torchvision cannot do with images without boxes.
            if found:
                labels = [classes.index(each) + 1 if classes else 1 for each in found]
                self.entries.append((name, boxes, torch.tensor(labels)))

    def __len__(self):
        return len(self.entries)

    def __getitem__(self, index):
        name, boxes, labels = self.entries[index]
        image = tv_tensors.Image(read_image(self.root, name))
        boxes = tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=image.shape[-2:])
        return self.transform(image, {"boxes": boxes, "labels": labels})
