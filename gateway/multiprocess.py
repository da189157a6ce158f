"""The gateway as several processes: WORKERS of them share the public port, and one private port tells of all."""

import asyncio
import gc
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from socket import socket

from gateway.app import open_gateway
from gateway.edge.security_headers import security_headers
from gateway.routes.file import RouteFile
from gateway.routes.model import RoutesError
from gateway.settings import Settings
from gateway.status.handler import open_status
from gateway.workers.doors import Place
from gateway.workers.listening import close, listening, reserved
from gateway.workers.pipes import Pipe, at_end
from gateway.workers.reporting import Ears, run_reporter
from gateway.workers.samples import handing_over
from gateway.workers.supervisor import Child, Hooks, Supervisor
from shared.lifecycle import Lifecycle
from shared.serve import Apps, keep_to_ourselves, serve
from shared.settings import ProcessSettings
from shared.web.pages.templates import dress

_REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class _Common:
    """What all processes inherit. `folder` is for the workers' sockets, `private` are those of the private port."""

    settings: Settings
    routes: RouteFile
    folder: Path
    private: Sequence[socket]
    lifeline: Pipe
    notes: Pipe

    @property
    def places(self) -> list[Place]:
        names = [f"worker_{number}" for number in range(1, self.settings.workers + 1)]
        return [Place(name, self.folder / f"{name}.private", self.folder / f"{name}.samples") for name in names]


def serve_as_workers(settings: Settings, routes: RouteFile) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit status. A second signal ends all processes at once."""
    keep_to_ourselves()
    process = settings.process
    with ExitStack() as stack:
        try:
            private = stack.enter_context(listening(process.private_host, process.private_port))
            port = stack.enter_context(reserved(process.host, process.port))
            if settings.http_port:
                stack.enter_context(reserved(process.host, settings.http_port))
        except OSError as exc:
            print(f"{process.name}: {exc.strerror}", file=sys.stderr)  # noqa: T201  there is no log yet
            return 1
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="colonnade-", ignore_cleanup_errors=True))
        settings = replace(settings, process=replace(process, port=port))
        common = _Common(settings, routes, Path(folder), private, Pipe(), Pipe())
        gc.collect()
        gc.freeze()  # or the first collection in a child would touch, and so copy, every object
        return _supervisor(common).run()


def _supervisor(common: _Common) -> Supervisor:
    def note(event: str, fields: dict[str, object]) -> None:
        common.notes.write_line((event, fields))

    def reload() -> None:
        """Keep what was last right, for workers that are yet to start."""
        with suppress(RoutesError):
            common.routes.reload()

    def follow_routes() -> None:
        if common.routes.has_changed():
            reload()

    def let_go() -> None:
        common.lifeline.end()
        common.notes.end()

    workers = [Child(place.name, partial(_work, common, place)) for place in common.places]
    hooks = Hooks(note, tick=follow_routes, hangup=reload, let_go=let_go, release=common.notes.end)
    return Supervisor(workers, Child(_REPORTER, partial(_report, common)), hooks)


def _report(common: _Common) -> int:
    for number in (signal.SIGTERM, signal.SIGINT):  # what tells all processes to stop means the workers: we end last
        signal.signal(number, signal.SIG_IGN)
    ears = Ears(common.private, common.notes.reading)
    dress(common.settings.process.site)
    headers = security_headers(html=True, https=False)
    pages = partial(open_status, urls=common.settings.private_urls, headers=headers)
    status = run_reporter(_process(common, _REPORTER), ears, common.places, pages)
    shutil.rmtree(common.folder, ignore_errors=True)  # the supervisor may have been killed
    return status


def _work(common: _Common, place: Place) -> int:
    close(common.private)
    place.clear()
    process = replace(_process(common, place.name), shares_port=True, private_socket=place.private)
    return serve(process, partial(_open_worker, common, place))


def _process(common: _Common, name: str) -> ProcessSettings:
    """Return what one of several processes is told: each has a log file of its own, as two can't rotate one."""
    process = common.settings.process
    file = process.log.file
    own = file.with_stem(f"{file.stem}-{name}") if file is not None else None
    return replace(process, log=replace(process.log, file=own, shares_output=True))


@asynccontextmanager
async def _open_worker(common: _Common, place: Place, lifecycle: Lifecycle) -> AsyncIterator[Apps]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):  # several may tell us, systemd among them; it is one stop still
        loop.add_signal_handler(number, lifecycle.begin_stop)
    with at_end(common.lifeline.reading, lifecycle.begin_stop):
        async with handing_over(place.samples), open_gateway(common.settings, common.routes, lifecycle) as apps:
            yield apps
