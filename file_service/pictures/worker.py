"""Makes pictures of pictures, one after the other, in a process of its own that may die of any of them.

It is run as a script, without the rest of the service, its environment and its keys. It reads from standard input, for
each picture, a line of JSON and then as many bytes as that says; it answers the same way on standard output. It limits
its own memory and processor time, opens no file for writing, and ends with its input.
"""

import io
import json
import os
import resource
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageCms, ImageOps

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
_MOST_PIXELS = 64_000_000  # decoded at once; a JPEG is decoded smaller where less is enough
_MEMORY = 1 << 30  # bytes of address space
_SRGB = ImageCms.createProfile("sRGB")
_WHITE = (255, 255, 255)


class TooCostly(Exception):
    """There are more pixels than are decoded."""


def render(source: bytes, wish: Mapping[str, Any]) -> tuple[bytes, int, int]:
    """Return the picture that is wished for, and its sides. Raises whatever Pillow does, or TooCostly."""
    with Image.open(io.BytesIO(source), formats=_FORMATS) as opened:
        profile = opened.info.get("icc_profile")
        box = (wish["width"], wish["height"])
        _open_small(opened, box)
        if opened.width * opened.height > _MOST_PIXELS:
            raise TooCostly
        ImageOps.exif_transpose(opened, in_place=True)
        picture = _in_srgb(_fitted(_plain(opened), box, wish["fit"]), profile)
    return _encoded(picture, wish), picture.width, picture.height


def _open_small(opened: Image.Image, box: tuple[int, int]) -> None:
    """Let a JPEG be decoded at a half, a quarter or an eighth where that is enough: twice what is wished for."""
    side = 2 * max(box)
    opened.draft(None, (side, side))


def _plain(picture: Image.Image) -> Image.Image:
    """Return it in a mode that can be resized well; the profile stays what it was."""
    if picture.mode.startswith("I"):  # 16 bits of grey
        return picture.point(lambda value: value / 256).convert("L")
    if picture.mode in ("P", "PA", "1") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        return picture
    return picture.convert("RGBA" if picture.mode.endswith(("A", "a")) else "RGB")


def _fitted(picture: Image.Image, box: tuple[int, int], fit: str) -> Image.Image:
    """A side of 0 follows from the other. `cover` fills the box and cuts; `inside` never makes anything larger."""
    if fit == "cover":
        return ImageOps.fit(picture, box, Image.Resampling.LANCZOS)
    width, height = (side or picture_side for side, picture_side in zip(box, picture.size, strict=True))
    if fit == "inside":
        ratio = min(width / picture.width, height / picture.height, 1.0)
        size = (max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio)))
        return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return ImageOps.contain(picture, box, Image.Resampling.LANCZOS)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return it as RGB or RGBA in sRGB; a profile that is none of this picture's is passed over."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if picture.mode == "RGBA" else picture
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(colours, source, _SRGB, outputMode="RGB")
            colours = converted if converted is not None else colours
    colours = colours.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _encoded(picture: Image.Image, wish: Mapping[str, Any]) -> bytes:
    """Nothing of the source but its colours goes along: no EXIF, no comment, no profile."""
    if wish["fit"] == "contain":
        picture = _framed(picture, (wish["width"], wish["height"]), opaque=wish["format"] == "jpeg")
    if wish["format"] == "jpeg" and picture.mode == "RGBA":
        picture = _on_white(picture)
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    out = io.BytesIO()
    if wish["format"] == "jpeg":
        clean.save(out, "JPEG", quality=wish["quality"], optimize=True, progressive=True)
    else:
        clean.save(out, "WEBP", quality=wish["quality"], method=4)
    return out.getvalue()


def _framed(picture: Image.Image, box: tuple[int, int], *, opaque: bool) -> Image.Image:
    """Centre it on white, or on nothing where the format can show that."""
    frame = Image.new("RGB", box, _WHITE) if opaque else Image.new("RGBA", box, (*_WHITE, 0))
    place = ((box[0] - picture.width) // 2, (box[1] - picture.height) // 2)
    frame.paste(picture, place, picture if opaque and picture.mode == "RGBA" else None)
    return frame


def _on_white(picture: Image.Image) -> Image.Image:
    ground = Image.new("RGB", picture.size, _WHITE)
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def answer(source: bytes, wish: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return what to tell, and the picture where there is one."""
    try:
        content, width, height = render(source, wish)
    except (MemoryError, TooCostly, Image.DecompressionBombError):
        return {"failure": "costly"}, b""
    except Exception as exc:  # noqa: BLE001  a decoder may raise anything over what strangers send
        return {"failure": "unreadable", "why": repr(exc)[:200]}, b""
    return {"length": len(content), "width": width, "height": height}, content


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    while line := requests.readline():
        wish = json.loads(line)
        source = requests.read(wish["length"])
        if len(source) < wish["length"]:
            return
        _limit_processor(wish["seconds"])
        told, content = answer(source, wish)
        answers.write(json.dumps(told).encode() + b"\n" + content)
        answers.flush()


def _limit_processor(seconds: int) -> None:
    """Should nobody be left who would kill us."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.RLIM_INFINITY))


def _confine() -> None:
    Image.MAX_IMAGE_PIXELS = None  # ours is asked for after the size that is decoded is known
    Image.init()
    with suppress(ValueError, OSError):  # where the system doesn't let us, time alone bounds us
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with suppress(OSError):
        os.nice(5)
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory runs out, we go first
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _confine()
    serve(sys.stdin.buffer, sys.stdout.buffer)
