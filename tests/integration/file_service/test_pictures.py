"""Pictures made of files: what they look like, who gets them, and what is kept of them."""

import asyncio
import io
from typing import Any

import pytest
from PIL import Image, ImageCms
from prometheus_client import REGISTRY

from file_service.context import FILES
from file_service.repository.renditions import MOST_OF_A_FILE, PURGE_RENDITIONS
from shared.ids import uuid7
from shared.purge import purge
from tests.integration.file_service.running_service import Person, RunningService
from tests.unit.file_service.headers.in_memory import picture

RED, BLUE = (255, 0, 0), (0, 0, 255)


def two_halves(kind: str = "PNG", size: tuple[int, int] = (600, 400), **options: Any) -> bytes:
    """Return a picture that is red on the left and blue on the right."""
    whole = Image.new("RGB", size, RED)
    whole.paste(BLUE, (size[0] // 2, 0, *size))
    out = io.BytesIO()
    whole.save(out, kind, **options)
    return out.getvalue()


async def shown(person: Person, file_id: str, **query: str) -> Image.Image:
    answer = await person.client.get(f"/v1/files/{file_id}/picture", params=query, headers=person.headers)
    assert answer.status == 200, await answer.text()
    found = Image.open(io.BytesIO(await answer.read()))
    assert answer.headers["Content-Type"] == f"image/{str(found.format).lower()}"
    return found


async def renditions(service: RunningService) -> int:
    (row,) = await service.fetch("select count(*) from files.rendition")
    return int(row["count"])


def times_made() -> float:
    return REGISTRY.get_sample_value("file_pictures_total", {"outcome": "made"}) or 0.0


def alike(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 30 for one, other in zip(pixel[:3], colour, strict=True))


@pytest.mark.parametrize(
    ("query", "size", "format_"),
    [
        ({}, (256, 171), "WEBP"),
        ({"width": "300"}, (300, 200), "WEBP"),
        ({"height": "100"}, (150, 100), "WEBP"),
        ({"width": "100", "height": "100"}, (100, 67), "WEBP"),
        ({"width": "2048", "height": "2048"}, (600, 400), "WEBP"),
        ({"width": "100", "height": "100", "fit": "cover"}, (100, 100), "WEBP"),
        ({"width": "100", "height": "100", "fit": "contain", "format": "jpeg"}, (100, 100), "JPEG"),
        ({"width": "1000", "height": "1000", "fit": "cover", "format": "jpeg", "quality": "30"}, (1000, 1000), "JPEG"),
    ],
)
async def test_picture_has_the_size_and_format_asked_for(
    ada: Person, query: dict[str, str], size: tuple[int, int], format_: str
) -> None:
    view = await ada.upload(two_halves())

    made = await shown(ada, view["id"], **query)

    assert (made.size, made.format) == (size, format_)
    middle = made.height // 2
    assert alike(made.convert("RGB").getpixel((made.width // 4, middle)), RED)
    assert alike(made.convert("RGB").getpixel((made.width * 3 // 4, middle)), BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
async def test_pictures_are_made_of_every_common_format(ada: Person, kind: str) -> None:
    view = await ada.upload(picture(kind, (500, 250)))

    assert (await shown(ada, view["id"])).size == (256, 128)


async def test_animation_is_shown_by_its_first_frame(ada: Person) -> None:
    view = await ada.upload(picture("GIF", frames=5))

    assert getattr(await shown(ada, view["id"]), "n_frames", 1) == 1


async def test_photograph_stands_upright_and_tells_nothing_else(ada: Person) -> None:
    """Its place, camera and comment stay behind; where the camera was turned, so is the picture."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    exif[0x010E] = "my house"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    view = await ada.upload(two_halves("JPEG", exif=exif, comment=b"secret comment"))
    assert b"my house" in await (await ada.content(view["id"])).read()

    for format_ in ("webp", "jpeg"):
        made = await shown(ada, view["id"], width="200", height="300", format=format_)

        assert made.size == (200, 300)
        assert alike(made.convert("RGB").getpixel((100, 50)), RED)
        assert alike(made.convert("RGB").getpixel((100, 250)), BLUE)
        assert not made.getexif()
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(made.info)


def red_and_blue_exchanged() -> bytes:
    """Return sRGB's profile with these two primaries exchanged, by their places in its table of tags."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = (profile.index(name) for name in (b"rXYZ", b"bXYZ"))
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
async def test_colours_are_what_the_pictures_profile_says(ada: Person, kind: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (50, 50), RED).save(out, kind, icc_profile=red_and_blue_exchanged())
    view = await ada.upload(out.getvalue())

    assert alike((await shown(ada, view["id"])).convert("RGB").getpixel((25, 25)), BLUE)


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200])
async def test_profile_that_is_none_is_passed_over(ada: Person, profile: bytes) -> None:
    out = io.BytesIO()
    Image.new("RGB", (50, 50), RED).save(out, "PNG", icc_profile=profile)
    view = await ada.upload(out.getvalue())

    assert alike((await shown(ada, view["id"])).convert("RGB").getpixel((25, 25)), RED)


async def test_transparency_stays_in_webp_and_becomes_white_in_jpeg(ada: Person) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(out, "PNG")
    view = await ada.upload(out.getvalue())

    assert (await shown(ada, view["id"])).convert("RGBA").getpixel((9, 9))[3] == 0  # type: ignore[index]
    assert alike((await shown(ada, view["id"], format="jpeg")).getpixel((9, 9)), (255, 255, 255))


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"width": "0"}, 400, "invalid_parameter"),
        ({"width": "2049"}, 400, "invalid_parameter"),
        ({"height": "-1"}, 400, "invalid_parameter"),
        ({"width": "wide"}, 400, "invalid_parameter"),
        ({"fit": "stretch"}, 400, "invalid_parameter"),
        ({"fit": "cover", "width": "10"}, 400, "invalid_parameter"),
        ({"format": "png"}, 400, "invalid_parameter"),
        ({"quality": "101"}, 400, "invalid_parameter"),
        ({"blur": "1"}, 400, "invalid_parameter"),
    ],
)
async def test_odd_wishes_are_refused(ada: Person, query: dict[str, str], status: int, code: str) -> None:
    view = await ada.upload(picture("PNG"))

    answer = await ada.client.get(f"/v1/files/{view['id']}/picture", params=query, headers=ada.headers)

    assert (answer.status, (await answer.json())["code"]) == (status, code)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"just text", id="no picture"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="svg, which is a program"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="a broken picture"),
        pytest.param(two_halves("PNG")[:300], id="half a picture"),
    ],
)
async def test_file_that_is_no_picture_is_told_apart(ada: Person, content: bytes) -> None:
    view = await ada.upload(content)

    for _ in range(2):
        answer = await ada.get(f"/v1/files/{view['id']}/picture")
        assert (answer.status, (await answer.json())["code"]) == (422, "not_a_picture")


async def test_picture_of_anothers_file_is_as_absent_as_the_file(ada: Person, bob: Person) -> None:
    """F14."""
    view = await ada.upload(picture("PNG"))
    await shown(ada, view["id"])

    theirs = await bob.get(f"/v1/files/{view['id']}/picture")
    nobodys = await ada.get(f"/v1/files/{uuid7()}/picture")

    assert (theirs.status, nobodys.status) == (404, 404)


async def test_picture_is_made_once_for_all_who_ask(service: RunningService, ada: Person) -> None:
    view = await ada.upload(two_halves("JPEG", (3000, 2000)))
    before = times_made()

    made = await asyncio.gather(*(shown(ada, view["id"]) for _ in range(12)))

    assert {each.size for each in made} == {(256, 171)}
    assert times_made() == before + 1
    assert await renditions(service) == 1
    assert len(service.blobs()) == 2


async def test_picture_is_cached_by_its_owner_alone(ada: Person) -> None:
    view = await ada.upload(picture("PNG"))
    first = await ada.get(f"/v1/files/{view['id']}/picture")
    tag = first.headers["ETag"]

    again = await ada.get(f"/v1/files/{view['id']}/picture", {"If-None-Match": tag})
    head = await ada.client.head(f"/v1/files/{view['id']}/picture", headers=ada.headers)

    assert again.status == 304
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "private, max-age=300"
    assert (head.status, head.headers["ETag"]) == (200, tag)
    assert int(head.headers["Content-Length"]) == len(await first.read())
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Content-Disposition"].startswith("inline")


async def test_pictures_go_with_their_file(service: RunningService, ada: Person) -> None:
    view = await ada.upload(picture("PNG"))
    for width in ("10", "20", "30"):
        await shown(ada, view["id"], width=width)
    assert len(service.blobs()) == 4

    assert await ada.delete(view["id"]) == 204

    await service.settled(blobs=0)
    assert await renditions(service) == 0


async def test_so_many_pictures_of_a_file_are_kept_and_no_more(service: RunningService, ada: Person) -> None:
    view = await ada.upload(picture("PNG"))
    for width in range(1, MOST_OF_A_FILE + 4):
        await shown(ada, view["id"], width=str(width))

    assert await renditions(service) == MOST_OF_A_FILE
    await service.settled(blobs=MOST_OF_A_FILE + 1)


async def test_unused_pictures_are_forgotten_and_made_again(service: RunningService, ada: Person) -> None:
    view = await ada.upload(picture("PNG"))
    await shown(ada, view["id"], width="10")
    await shown(ada, view["id"], width="20")
    await service.fetch("update files.rendition set used_at = now() - interval '31 days'")
    await shown(ada, view["id"], width="10")
    application = service.public.app
    assert application is not None

    await purge(application[FILES].database, [PURGE_RENDITIONS])

    assert await renditions(service) == 1
    await service.settled(blobs=2)
    assert (await shown(ada, view["id"], width="20")).width == 20
