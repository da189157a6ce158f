"""Clients that aren't Python, against the running stack. They need node or curl, hence a make target of their own."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.processes import run
from tests.docs.pages import blocks_of
from tests.e2e.visitor import Visitor

HERE = Path(__file__).parent
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Source:
    path: Path
    content: bytes


@pytest.fixture
def source(tmp_path: Path) -> Source:
    source = Source(tmp_path / "source.bin", os.urandom(5 * MIB + 77))
    source.path.write_bytes(source.content)
    return source


def piece_of(source: Source, start: int, end: int) -> Path:
    """Return a file of its own with a part of the source."""
    path = source.path.with_name(f"from-{start}")
    path.write_bytes(source.content[start:end])
    return path


async def only_file(ada: Visitor, source: Source) -> dict[str, object]:
    """Return what is told of the only file, which must have the source's bytes."""
    (file,) = (await ada.call("GET", "/v1/files")).json()["items"]
    assert file["sha256"] == hashlib.sha256(source.content).hexdigest()
    return dict(file)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="in one request"),
        pytest.param({"chunkSize": MIB}, id="in chunks"),
        pytest.param({"chunkSize": MIB, "pauseAt": 2 * MIB}, id="paused and resumed"),
        pytest.param({"chunkSize": MIB, "uploadDataDuringCreation": True}, id="with the creation"),
        pytest.param({"chunkSize": MIB, "uploadLengthDeferred": True}, id="without knowing the length"),
        pytest.param({"chunkSize": MIB, "overridePatchMethod": True}, id="by POST"),
    ],
)
async def test_tus_js_client_uploads(ada: Visitor, source: Source, options: dict[str, object]) -> None:
    token, endpoint = ada.tokens["access_token"], f"{ada.url}/v1/files/uploads"
    said = await run("node", str(HERE / "upload.mjs"), endpoint, token, str(source.path), json.dumps(options))
    assert said.startswith(f"{endpoint}/upl_")
    assert (await only_file(ada, source))["name"] == "source.bin"


async def test_tus_js_client_uploads_in_parallel(ada: Visitor, source: Source) -> None:
    token, endpoint = ada.tokens["access_token"], f"{ada.url}/v1/files/uploads"
    options = json.dumps({"parallelUploads": 3})
    await run("node", str(HERE / "upload.mjs"), endpoint, token, str(source.path), options)
    assert (await only_file(ada, source))["name"] == "source.bin"


async def test_curl_uploads_a_form(ada: Visitor, source: Source) -> None:
    bearer = f"Authorization: Bearer {ada.tokens['access_token']}"
    made = await run("curl", "-sf", "-H", bearer, "-F", f"file=@{source.path}", f"{ada.url}/v1/files")
    assert json.loads(made)["name"] == (await only_file(ada, source))["name"] == "source.bin"


async def test_curl_uploads_the_bytes_alone(ada: Visitor, source: Source) -> None:
    bearer = f"Authorization: Bearer {ada.tokens['access_token']}"
    made = await run(
        "curl", "-sf", "-X", "POST", "-H", bearer, "-T", str(source.path), f"{ada.url}/v1/files?name=a.bin"
    )
    assert json.loads(made)["name"] == (await only_file(ada, source))["name"] == "a.bin"


async def test_curl_sends_a_file_into_the_folder(ada: Visitor, source: Source) -> None:
    """`-T` puts the file's name behind a URL that ends in a slash."""
    bearer = f"Authorization: Bearer {ada.tokens['access_token']}"
    path = source.path.rename(source.path.with_name("Gr\u00fc\u00dfe an alle.bin"))
    made = json.loads(await run("curl", "-sf", "-T", str(path), f"{ada.url}/v1/files/", "-H", bearer))
    assert made["name"] == (await only_file(ada, source))["name"] == path.name
    nameless = await run("curl", "-s", "-T", "/dev/null", f"{ada.url}/v1/files/%20", "-H", bearer)
    assert json.loads(nameless)["code"] == "invalid_parameter"


async def test_curl_resumes_what_broke_off(ada: Visitor, source: Source) -> None:
    common = ["curl", "-sf", "-H", f"Authorization: Bearer {ada.tokens['access_token']}", "-H", "Tus-Resumable: 1.0.0"]
    length = f"Upload-Length: {len(source.content)}"
    head_alone = ["-D", "-", "-o", "/dev/null"]
    begun = await run(*common, *head_alone, "-X", "POST", "-H", length, f"{ada.url}/v1/files/uploads")
    url = next(line.split()[1] for line in begun.splitlines() if line.lower().startswith("location:"))
    offset = 0
    for until in (2 * MIB, len(source.content)):
        rest = piece_of(source, offset, until)
        patch = ["-X", "PATCH", "-H", "Content-Type: application/offset+octet-stream"]
        await run(*common, *patch, "-H", f"Upload-Offset: {offset}", "--data-binary", f"@{rest}", url)
        head = await run(*common, "-I", url)
        offset = int(next(line.split()[1] for line in head.splitlines() if line.lower().startswith("upload-offset:")))
        assert offset == until
    await only_file(ada, source)


async def test_lines_of_the_manual_do_what_they_say(ada: Visitor, source: Source) -> None:
    """Those of docs/files/tus.md, below a path of a public URL too; whose they are is said by the first block there."""
    first, lines = (block.text for block in blocks_of("docs/files/tus.md"))
    tools = [line for line in first.splitlines() if not line.startswith(("EMAIL=", "TOKEN="))]
    whose = f"A='Authorization: Bearer {ada.tokens['access_token']}'"
    script = "\n".join(("set -eu", f"cd {source.path.parent}", *tools, f"URL={ada.url}", whose, lines))
    said = await run("bash", "-c", script)
    files = (await ada.call("GET", "/v1/files")).json()["items"]
    assert sorted(file["size"] for file in files) == [5, 5, 5, 12, 20_000_000]  # another was given up
    assert said.rstrip().endswith('"files":5}')
