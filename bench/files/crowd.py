"""How much a hundred uploads of 256 MiB at once make each service grow."""

import asyncio
import os

from bench.files.bodies import SIZE
from bench.files.ours import MEASURED, Files
from bench.files.transfer import MIB
from bench.processes import Failed, forget_peak, resident_bytes
from bench.report import Section, Table, Target

_UPLOADS = 100
_MOST_GROWTH = 16  # MiB
_WARM_UP = 50  # small uploads
_BLOCK = os.urandom(64 * 1024)
_PROGRAMS = MEASURED[:2]


def crowd(files: Files) -> Section:
    """The programs work a little before, so that what they only load once doesn't count."""
    with files.client() as client:
        for _ in range(_WARM_UP):
            client.send("POST", "/v1/files", MIB)
    pids = [files.stack.pid(name) for name in _PROGRAMS]
    for pid in pids:
        forget_peak(pid)
    before = [resident_bytes(pid) for pid in pids]
    asyncio.run(_upload_all(files))
    peaks = [resident_bytes(pid, peak=True) for pid in pids]
    growth = [(peak - earlier) / MIB for peak, earlier in zip(peaks, before, strict=True)]
    rows = [
        (name, f"{earlier / MIB:.1f}", f"{grown:.1f}")
        for name, earlier, grown in zip(_PROGRAMS, before, growth, strict=True)
    ]
    columns = ("", "MiB before", "MiB more at most")
    table = Table(f"{_UPLOADS} uploads of 256 MiB at once", columns, rows)
    return Section([table], [Target("growth of a service in MiB", max(growth), _MOST_GROWTH)])


async def _upload_all(files: Files) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(_UPLOADS):
            group.create_task(_upload(files, number))


async def _upload(files: Files, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", files.stack.port)
    token = files.tokens[number % len(files.tokens)]
    head = "POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    writer.write(f"{head}Authorization: Bearer {token}\r\nContent-Length: {SIZE}\r\n\r\n".encode())
    for _ in range(SIZE // len(_BLOCK)):
        writer.write(_BLOCK)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 201"):
        raise Failed(f"an upload was answered by {answer[:300]!r}")
