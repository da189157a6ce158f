"""One process of an installation, which can be started, ended, killed, held and let go on by itself."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deploy.local.processes import LINUX, die_with_parent
from tests.waiting import eventually

_END_SECONDS = 20.0  # a program gives the requests it still answers ten


@dataclass
class Process:
    """What is said on its standard output and error goes to `log`. It ends when this process does (Linux).

    `account` is the user and group that it runs as, `stdin` what it reads, `stdout` where its output goes instead.
    """

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    folder: Path = Path("/")
    account: tuple[int, int] | None = None
    stdin: str = ""
    stdout: int | None = None
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        assert not self.alive, f"{self.name} runs already"
        uid, gid = self.account or (None, None)
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=dict(self.environ),
                stdin=subprocess.PIPE,
                stdout=log if self.stdout is None else self.stdout,
                stderr=log,
                user=uid,
                group=gid,
                extra_groups=[] if self.account else None,
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()) if LINUX else None,  # noqa: PLW1509  it takes no lock
            )
        assert self._child.stdin is not None
        self._child.stdin.write(self.stdin.encode())
        self._child.stdin.close()

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its number; fails where it doesn't run."""
        assert self._child is not None, self.name
        return self._child.pid

    @property
    def status(self) -> int | None:
        """The exit status of its last life: negative for a signal's number, None while it runs."""
        return None if self._child is None else self._child.poll()

    def send(self, number: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, number)

    def hold(self) -> None:
        """Let it do nothing, with its connections open, until `go_on`."""
        self.send(signal.SIGSTOP)

    def go_on(self) -> None:
        self.send(signal.SIGCONT)

    async def end(self, number: signal.Signals = signal.SIGTERM, *, within: float = _END_SECONDS) -> int | None:
        """Send the signal, wait for the end, and return the exit status."""
        self.send(number)
        await eventually(self._ended, within=within)
        return self.status

    async def end_by_itself(self, *, within: float = 60.0) -> int | None:
        """Wait until it ends, and return the exit status."""
        await eventually(self._ended, within=within)
        return self.status

    async def kill(self) -> None:
        await self.end(signal.SIGKILL)

    async def _ended(self) -> bool:
        return not self.alive

    def end_at_once(self) -> None:
        """Kill it without waiting in a loop; for the end of all."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
            assert self._child is not None
            self._child.wait()

    async def run(self) -> None:
        """Run it to its end, and fail where that isn't a good one."""
        self.start()
        await self.end_by_itself()
        said = self.log.read_text(errors="replace")[-2000:] if self.status else ""
        assert self.status == 0, f"{self.name} ended with status {self.status}: {said}"
