"""pg_dump and pg_restore, as streams: what one writes is never on a disk unencrypted."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Iterable

from deploy.backup.errors import BackupError
from deploy.backup.installation import Server
from deploy.backup.snapshot import HOLDS
from deploy.roles import SCHEMAS

_CHUNK = 262_144
_TOLD = 600  # characters of what a program says of its failure


async def dump(server: Server, snapshot: str, write: Callable[[bytes], None]) -> None:
    """Write all our schemas, in pg_dump's custom format, as they are in the snapshot. Raises BackupError."""
    command, environ = server.client("pg_dump", server.database)
    command += ["--format=custom", f"--snapshot={snapshot}", f"--exclude-table-data={HOLDS}"]
    command += [f"--schema={schema}" for schema in SCHEMAS.values()]
    process = await _start(command, environ, stdin=DEVNULL, stdout=PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        told = asyncio.create_task(process.stderr.read())
        while chunk := await process.stdout.read(_CHUNK):
            await asyncio.to_thread(write, chunk)
        await _end("pg_dump", process, await told)
    finally:
        await _stop(process)


async def load(server: Server, database: str, chunks: Iterable[bytes]) -> None:
    """Restore a dump into a database that lacks these schemas: all of it or nothing. Raises BackupError."""
    command, environ = server.client("pg_restore", database)
    command += ["--single-transaction", "--exit-on-error"]
    process = await _start(command, environ, stdin=PIPE, stdout=DEVNULL)
    assert process.stdin is not None
    assert process.stderr is not None
    try:
        told = asyncio.create_task(process.stderr.read())
        try:
            for chunk in chunks:
                process.stdin.write(chunk)
                await process.stdin.drain()
            process.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has ended, and says why
        await _end("pg_restore", process, await told)
    finally:
        await _stop(process)


async def _start(command: list[str], environ: dict[str, str], *, stdin: int, stdout: int) -> Process:
    try:
        return await asyncio.create_subprocess_exec(*command, env=environ, stdin=stdin, stdout=stdout, stderr=PIPE)
    except OSError as exc:
        raise BackupError(f"Can't start {command[0]}: {exc.strerror or exc}.") from exc


async def _end(name: str, process: Process, told: bytes) -> None:
    if status := await process.wait():
        raise BackupError(f"{name} ended with status {status}: {told.decode(errors='replace').strip()[-_TOLD:]}")


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
