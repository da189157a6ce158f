"""F12: a real ClamAV daemon, with a signature database of one line, and EICAR's test file.

It needs Debian's `clamav-daemon` (or any clamd on PATH), hence a make target of its own: `make test-antivirus`.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator

import pytest

from file_service.domain.verdicts import Verdict
from file_service.inspection.clamd import Clamd, Finding
from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.integration.file_service.verdicts import verdict
from tests.stores import Databases
from tests.waiting import eventually

# In two parts, so that nothing takes this file for what it tests.
EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + r"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
NAME = "Eicar-Test-File"
LARGEST = 2_000_000  # clamd's StreamMaxLength


@pytest.fixture(scope="session")
async def clamd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Return the URL of a daemon's socket."""
    program = shutil.which("clamd", path="/usr/sbin:/usr/bin:/opt/homebrew/sbin")
    assert program, "apt install clamav-daemon"
    folder = tmp_path_factory.mktemp("clamd")
    folder.chmod(0o755)
    md5 = hashlib.md5(EICAR.encode(), usedforsecurity=False).hexdigest()
    (folder / "own.hdb").write_text(f"{md5}:{len(EICAR)}:{NAME}\n")
    lines = (
        *("Foreground yes", f"LocalSocket {folder}/clamd.ctl", f"DatabaseDirectory {folder}"),
        *(f"StreamMaxLength {LARGEST}", f"TemporaryDirectory {folder}", "SelfCheck 0"),
    )
    (folder / "clamd.conf").write_text("\n".join(lines) + "\n")
    process = await asyncio.create_subprocess_exec(
        program, "--config-file", str(folder / "clamd.conf"), stdout=asyncio.subprocess.DEVNULL
    )

    async def listens() -> bool:
        assert process.returncode is None, "clamd doesn't start"
        return (folder / "clamd.ctl").exists()

    try:
        await eventually(listens, within=60.0)
        yield f"unix://{folder}/clamd.ctl"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture(scope="session")
async def service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, clamd: str
) -> AsyncIterator[RunningService]:
    folder = tmp_path_factory.mktemp("scanned")
    async with databases.clone("file_service") as urls, running_service(urls, folder, CLAMAV_URL=clamd) as running:
        yield running


@pytest.fixture
def eve(service: RunningService) -> Person:
    return service.person(uuid7())


async def test_eicar_is_found_and_never_given_out(eve: Person) -> None:
    view = await eve.upload(EICAR.encode(), "eicar.com")
    assert view["check"] == "pending"

    found = await verdict(eve, view["id"])

    assert (found["check"], found["threat"]) == ("infected", f"{NAME}.UNOFFICIAL")
    answer = await eve.content(view["id"])
    assert (answer.status, (await answer.json())["code"]) == (403, "file_infected")


async def test_clean_file_is_given_out(eve: Person) -> None:
    content = os.urandom(1_500_000)
    view = await eve.upload(content)

    assert (await verdict(eve, view["id"]))["check"] == "clean"
    assert await (await eve.content(view["id"])).read() == content


async def test_file_beyond_the_daemons_limit_is_skipped(eve: Person) -> None:
    view = await eve.upload(os.urandom(LARGEST * 3))

    assert (await verdict(eve, view["id"]))["check"] == "skipped"


async def test_empty_file_is_clean(clamd: str) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        for chunk in list[bytes]():
            yield chunk

    assert await Clamd(clamd, 10.0).scan(nothing()) == Finding(Verdict.CLEAN)
