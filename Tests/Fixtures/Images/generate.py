"""Writes the picture files of the decoding tests and, beside each, the RGB samples it must decode to.

    python3 generate.py        (Pillow 13.0.0 with libjpeg-turbo 3.2.0, numpy 3.2.0)

NAME.jpg and NAME.png are inputs; NAME.rgb is [height, width, 3], unsigned bytes. For JPEG they are the samples Pillow
decodes; for PNG they follow from the samples that were encoded.
"""

import io
import pathlib
import struct
import zlib

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).parent
HEIGHT, WIDTH = 29, 37


def picture():
    """Smooth colours with a hard edge, so that chroma interpolation shows."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    red = 255 * x / (WIDTH - 1)
    green = 255 * y / (HEIGHT - 1)
    blue = 127.5 + 127.5 * numpy.sin(x / 3 + y / 5)
    pixels = numpy.stack([red, green, blue], axis=2)
    pixels[(x - 20) ** 2 + (y - 12) ** 2 < 36] = [230, 20, 60]
    return pixels.round().astype(numpy.uint8)


def expect(name, pixels):
    pixels = numpy.asarray(pixels)
    assert pixels.dtype == numpy.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    (FOLDER / f"{name}.rgb").write_bytes(pixels.tobytes())


def write_jpeg(name, image, change=lambda data: data, **options):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    data = change(buffer.getvalue())
    (FOLDER / f"{name}.jpg").write_bytes(data)
    expect(name, numpy.array(Image.open(io.BytesIO(data)).convert("RGB")))


def tall_sampling(data):
    """Turns one 16×16 unit of 4:2:0 into 8×32 with four luma blocks above each other, which no encoder preset has."""
    frame = data.index(b"\xff\xc0") + 5
    assert data[frame:frame + 4] == struct.pack(">HH", 16, 16)
    data = data[:frame] + struct.pack(">HH", 32, 8) + data[frame + 4:]
    return data[:frame + 6] + b"\x14" + data[frame + 7:]


def over_white(pixels, alpha):
    weight = alpha[..., None] / 255
    return (pixels * weight + 255 * (1 - weight)).round().astype(numpy.uint8)


def write_png(name, data, expected):
    """`data` is a Pillow image or the bytes of a file."""
    if isinstance(data, bytes):
        (FOLDER / f"{name}.png").write_bytes(data)
    else:
        data.save(FOLDER / f"{name}.png")
    expect(name, expected)


def png_bytes(samples, color_type, interlaced=False):
    """A PNG file of [height, width, channels] big-endian samples, for what Pillow does not write."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for top, left, down, across in passes if interlaced else [(0, 0, 1, 1)]:
        part = samples[top::down, left::across]
        rows += b"".join(b"\0" + row.tobytes() for row in part if row.size)
    header = struct.pack(
        ">IIBBBBB", samples.shape[1], samples.shape[0], 8 * samples.itemsize, color_type, 0, 0, interlaced)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


pixels = picture()
image = Image.fromarray(pixels)
gray = image.convert("L")
gray_pixels = numpy.repeat(numpy.array(gray)[..., None], 3, axis=2)
alpha = (numpy.mgrid[0:HEIGHT, 0:WIDTH][1] * 255 // (WIDTH - 1)).astype(numpy.uint8)

write_jpeg("subsampling-420", image, quality=85, subsampling=2)
write_jpeg("subsampling-422", image, quality=85, subsampling=1)
write_jpeg("subsampling-444", image, quality=85, subsampling=0)
write_jpeg("subsampling-tall", image.crop((0, 0, 16, 16)), change=tall_sampling, quality=85, subsampling=2)
write_jpeg("progressive", image, quality=85, progressive=True)
write_jpeg("restart", image, quality=85, restart_marker_blocks=2)
write_jpeg("gray", gray, quality=85)
write_jpeg("cmyk", image.convert("CMYK"), quality=85)

write_png("png-rgb", image, pixels)
write_png("png-gray", gray, gray_pixels)
write_png("png-alpha", Image.fromarray(numpy.dstack([pixels, alpha])), over_white(pixels, alpha))
write_png("png-gray-alpha", Image.merge("LA", [gray, Image.fromarray(alpha)]), over_white(gray_pixels, alpha))
palette = image.quantize(16)
write_png("png-palette", palette, numpy.array(palette.convert("RGB")))
bits = gray.convert("1")
write_png("png-bits", bits, numpy.array(bits.convert("RGB")))
deep = numpy.frombuffer(numpy.random.default_rng(1).bytes(HEIGHT * WIDTH * 6), ">u2").reshape(HEIGHT, WIDTH, 3)
write_png("png-16-bit", png_bytes(deep, 2), (deep >> 8).astype(numpy.uint8))
write_png("png-interlaced", png_bytes(pixels, 2, interlaced=True), pixels)
