"""The catcher as a part of the stack: SMTP at a socket that this user alone reaches, its page on loopback."""

import asyncio
import http.client
import importlib
import os
import signal
from functools import partial
from pathlib import Path

from deploy.local.processes import ChildSpec, fork

_HOST = "127.0.0.1"
_LONGEST_LINE = 16_384
_PROBE_SECONDS = 1.0


class MailCatcher:
    name = "mail_catcher"
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, socket: Path, port: int, log: Path) -> None:
        self._socket = socket
        self._port = port
        self.log = log

    @property
    def smtp_url(self) -> str:
        return f"smtp+unix://{self._socket}"

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self._port}"

    def start(self) -> int:
        return fork(ChildSpec(self.name, self.log, quiet=True), lambda: run(self._socket, self._port))

    def ready(self) -> bool:
        connection = http.client.HTTPConnection(_HOST, self._port, timeout=_PROBE_SECONDS)
        try:
            connection.request("GET", "/mails.json")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def run(socket: Path, port: int) -> int:
    """Catch mails until SIGTERM."""
    socket.unlink(missing_ok=True)  # of one that was killed
    os.umask(0o177)  # what is made from here on is the socket, for this user alone
    asyncio.run(_serve(socket, port))
    return 0


async def _serve(socket: Path, port: int) -> None:
    # Imported in the child, as the programs are: the launcher itself needs none of it.
    mailbox = importlib.import_module("deploy.local.mail_catcher.mailbox").Mailbox()
    receive = importlib.import_module("deploy.local.mail_catcher.smtp").receive
    app = importlib.import_module("deploy.local.mail_catcher.pages").catcher_app(mailbox)
    web = importlib.import_module("aiohttp.web")
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        server = await asyncio.start_unix_server(partial(receive, mailbox), socket, limit=_LONGEST_LINE)
        await web.TCPSite(runner, _HOST, port).start()
        await stopped.wait()
        server.close()
    finally:
        await runner.cleanup()
