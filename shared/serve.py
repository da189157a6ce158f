"""Runs one program: logs, event loop, two ports, and a stop that loses no request."""

import asyncio
import errno
import gc
import os
import resource
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvloop
from aiohttp import web

from shared import VERSION
from shared.lifecycle import Lifecycle
from shared.logs import log
from shared.metrics import process_metrics
from shared.settings import ProcessSettings
from shared.small_reads import READ_BUFFER
from shared.spans.program import recording
from shared.tls_site import TlsSite
from shared.web.pages.templates import dress

_KEEP_ALIVE = 75.0  # seconds; longer than the gateway keeps an idle connection, so that it is the one to close
_LINGER = 0.1  # seconds in which the first request of a connection made in the last moment still comes
_SHUTDOWN = 10.0  # seconds for requests that are still being answered
_LOOK = 0.05  # seconds between two looks at whether there are any
_FAREWELL = 0.5  # seconds for those that were not done in time to notice
_BACKLOG = 1024  # connections that wait at a Unix domain socket: the next is refused, where a port lets it wait
_MAX_LINE, _MAX_FIELD = 16_384, 32_768  # bytes; all more than the gateway lets in: it alone refuses a large head
_MAX_HEADERS = 160
_OPEN_FILES = 65_536


@dataclass(frozen=True, slots=True)
class Apps:
    """What listens: the public port's application, or the low-level server of the gateway, and the private one's.

    `tls`: what the public port speaks TLS with. `plain`: what is served without it on a port of its own.
    `admission`: awaited before the public ports open, which they don't when that returns False.
    """

    public: web.Application | web.Server
    private: web.Application
    tls: ssl.SSLContext | None = None
    plain: tuple[web.Server, int] | None = None
    admission: Callable[[], Awaitable[bool]] | None = None


OpenProgram = Callable[[Lifecycle], AbstractAsyncContextManager[Apps]]


def serve(settings: ProcessSettings, open_program: OpenProgram) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit status. A second signal ends the process at once."""
    keep_to_ourselves()
    try:
        log.start(settings.name, settings.log)
        raise_file_limit()
        dress(settings.site)
        with recording(settings), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(settings, open_program))
    except Exception as exc:  # noqa: BLE001  whatever it is, a person reads one line, and the log has the stack
        log.error("program_failed", exc)
        reason = " ".join(str(exc).split()) or type(exc).__name__
        print(f"{settings.name}: {reason}", file=sys.stderr)  # noqa: T201  the log may be a file that nobody watches
        return 1
    finally:
        log.close()
    return 0


def keep_to_ourselves() -> None:
    """Leave no core dump, which would hold every secret that we know, and no file that others may read or write.

    Our group may read what we write: so do collectors of logs.
    """
    os.umask(0o027)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def raise_file_limit() -> None:
    """Allow ourselves what the hard limit allows: under the usual soft one, 1,000 idle clients keep all others out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # some systems have a lower limit that they don't tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run(settings: ProcessSettings, open_program: OpenProgram) -> None:
    lifecycle = Lifecycle()
    _obey_signals(lifecycle)
    async with process_metrics(settings.name, VERSION), open_program(lifecycle) as apps, listening(settings, apps):
        gc.collect()
        gc.freeze()  # what lives as long as the program isn't looked at again
        log.info("started", **_places(settings))
        await lifecycle.stop()
        log.info("stopping", **{"colonnade.drain_seconds": settings.drain_seconds})
        await asyncio.sleep(settings.drain_seconds)  # still answering, until probes have seen that we are not ready
    log.info("stopped")


def _places(settings: ProcessSettings) -> dict[str, str | int]:
    """Return where we listen."""
    private = {"colonnade.private_port": settings.private_port}
    if settings.public_socket is not None:
        return {"server.address": str(settings.public_socket), **private}
    return {"server.port": settings.port, **private}


def _obey_signals(lifecycle: Lifecycle) -> None:
    loop = asyncio.get_running_loop()

    def obey(number: signal.Signals) -> None:
        if lifecycle.stopping:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        lifecycle.begin_stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, obey, number)


@asynccontextmanager
async def listening(settings: ProcessSettings, apps: Apps) -> AsyncIterator[None]:
    """Listen on all ports; at the end accept nothing more, finish what is being answered, and close.

    The private port outlives the public ones, so that a probe sees a stopping program and not a missing one.
    """
    private = web.AppRunner(apps.private, access_log=None, shutdown_timeout=1.0)
    public = public_runner(apps)
    runners = [private, public]
    try:
        await _listen(private, partial(_private_site, settings))
        if apps.admission is None or await apps.admission():
            await _listen(public, partial(_public_site, settings, settings.port, apps.tls))
            if apps.plain is not None:
                server, port = apps.plain
                runners.append(web.ServerRunner(server, shutdown_timeout=1.0))
                await _listen(runners[-1], partial(_public_site, settings, port, None))
        yield
    finally:
        await _accept_no_more(public)
        for runner in reversed(runners):
            await runner.cleanup()


async def _listen(runner: web.BaseRunner, site: Callable[[web.BaseRunner], web.BaseSite]) -> None:
    await runner.setup()
    await site(runner).start()


def _private_site(settings: ProcessSettings, runner: web.BaseRunner) -> web.BaseSite:
    if settings.private_socket is not None:
        return web.UnixSite(runner, settings.private_socket)
    return web.TCPSite(runner, settings.private_host, settings.private_port)


def _public_site(
    settings: ProcessSettings, port: int, tls: ssl.SSLContext | None, runner: web.BaseRunner
) -> web.BaseSite:
    if settings.public_socket is not None:
        _require_free(settings.public_socket)
        return web.UnixSite(runner, settings.public_socket, backlog=_BACKLOG)
    if tls is not None:
        return TlsSite(runner, (settings.host, port), tls, shares_port=settings.shares_port)
    return web.TCPSite(runner, settings.host, port, reuse_port=settings.shares_port or None)


def _require_free(path: Path) -> None:
    """Raises OSError where somebody listens at this socket. One that is left over is simply taken over."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:  # so many wait there
            pass
        except (FileNotFoundError, ConnectionRefusedError):
            return
        except OSError as exc:
            raise OSError(exc.errno, exc.strerror, str(path)) from exc
    raise OSError(errno.EADDRINUSE, "another program listens there", str(path))


async def _accept_no_more(runner: web.BaseRunner) -> None:
    """Close the port, only a moment later the connections that are idle, and return when no request is left."""
    if runner.sites and runner.server is not None:
        for site in tuple(runner.sites):
            await site.stop()
        await asyncio.sleep(_LINGER)
        await _finish(runner.server)


async def _finish(server: web.Server) -> None:
    """Close what is idle, and wait for the rest, but not for long.

    Not by aiohttp's own shutdown, which closes all at once: it drops what it receives from then on, so an upload that
    is under way would wait in vain for its rest. It tells nobody whether a request is in progress.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _SHUTDOWN
    while True:
        idle = [each for each in server.connections if not each._request_in_progress]  # noqa: SLF001  see above
        for connection in idle:
            connection.force_close()
        if len(idle) == len(server.connections) or loop.time() > deadline:
            return
        await asyncio.sleep(_LOOK)


def public_runner(apps: Apps) -> web.BaseRunner:
    """Return what serves the public port: a service's application behind the gateway, or the gateway's own server."""
    if isinstance(apps.public, web.Application):
        return web.AppRunner(
            apps.public,
            access_log=None,
            keepalive_timeout=_KEEP_ALIVE,
            shutdown_timeout=_FAREWELL,
            max_line_size=_MAX_LINE,
            max_field_size=_MAX_FIELD,
            max_headers=_MAX_HEADERS,
            read_bufsize=READ_BUFFER,
            auto_decompress=False,  # services refuse content codings by name; a bomb must not be unpacked for that
        )
    return web.ServerRunner(apps.public, shutdown_timeout=_FAREWELL)
