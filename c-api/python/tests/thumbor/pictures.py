"""Pictures to render: real files of several megapixels, always the same."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (3000, 2000)


def draw(folder: Path) -> None:
    """Fills a folder with originals."""
    picture = _drawing()
    picture.save(folder / "heavy.jpg", quality=92)
    picture.save(folder / "heavy.png", compress_level=1)
    for name in ("one.tif", "two.tiff", "three.TIFF"):
        picture.save(folder / name, format="TIFF", compression="tiff_lzw")
    for number in range(8):
        picture.resize((600, 400)).save(folder / f"light-{number}.jpg")
    picture.save(folder / "größe 1.jpg")
    _damage(folder / "one.tif", folder / "damaged.tif")
    (folder / "text.jpg").write_text("This is no picture.")


def _drawing() -> Image.Image:
    picture = Image.radial_gradient("L").resize(SIZE)
    coloured = Image.merge(
        "RGB", (picture, picture.rotate(90).resize(SIZE), picture.transpose(Image.Transpose.ROTATE_180))
    )
    pen = ImageDraw.Draw(coloured)
    for step in range(400):
        angle = step * 0.7
        at = (SIZE[0] / 2 + 3 * step * math.cos(angle), SIZE[1] / 2 + 2 * step * math.sin(angle))
        pen.ellipse((at[0], at[1], at[0] + 60, at[1] + 40), fill=(step * 7 % 256, step * 13 % 256, step * 29 % 256))
    return coloured


def _damage(original: Path, damaged: Path) -> None:
    # The header stays whole, so that the fault shows in the render and not before.
    data = bytearray(original.read_bytes())
    middle = len(data) // 2
    data[middle - 100_000 : middle] = b"\xff" * 100_000
    damaged.write_bytes(data)
