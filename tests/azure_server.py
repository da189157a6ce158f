"""A real server of Azure's blob storage for tests: Azurite out of npm, on loopback. It verifies signatures."""

import base64
import hashlib
import hmac
import http.client
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from tests.ports import free_port

_PROGRAM = Path(__file__).parent / "azure" / "node_modules" / ".bin" / "azurite-blob"
_ACCOUNT = "fortests"
_VERSION = "2021-12-02"
_PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class AzureServer:
    port: int
    key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())

    def environ(self, bucket: str, prefix: str = "", endpoint: str = "") -> dict[str, str]:
        """Return the settings of a file_service that stores here."""
        return {
            "FILES_STORAGE": f"az://{bucket}/{prefix}",
            "AZURE_STORAGE_ENDPOINT": endpoint or f"http://127.0.0.1:{self.port}/{_ACCOUNT}",
            "AZURE_STORAGE_ACCOUNT_NAME": _ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": self.key,
            "FILES_STORAGE_TIMEOUT": "20",  # it takes seconds to store 8 MiB where others keep the machine busy
        }

    def make_container(self, name: str) -> int:
        """Return the status. Signed as Microsoft's "Authorize with Shared Key" says."""
        path, date = f"/{_ACCOUNT}/{name}", formatdate(usegmt=True)
        words = ["PUT", *[""] * 11, f"x-ms-date:{date}", f"x-ms-version:{_VERSION}", f"/{_ACCOUNT}{path}"]
        signed = "\n".join((*words, "restype:container")).encode()
        digest = hmac.digest(base64.b64decode(self.key), signed, hashlib.sha256)
        headers = {
            "x-ms-date": date,
            "x-ms-version": _VERSION,
            "Authorization": f"SharedKey {_ACCOUNT}:{base64.b64encode(digest).decode()}",
            "Content-Length": "0",
        }
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            connection.request("PUT", f"{path}?restype=container", headers=headers)
            return connection.getresponse().status


@contextmanager
def running_azure_server(container: str) -> Iterator[AzureServer]:
    server = AzureServer(free_port())
    with tempfile.TemporaryDirectory(prefix="colonnade-azure-") as folder:
        options = {"--blobPort": str(server.port), "--location": folder}
        flags = ("--silent", "--disableTelemetry", "--skipApiVersionCheck")
        command = [str(_PROGRAM), *(word for option in options.items() for word in option), *flags]
        environ = os.environ | {"AZURITE_ACCOUNTS": f"{_ACCOUNT}:{server.key}"}
        process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
        try:
            _await_container(server, container, process)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _await_container(server: AzureServer, name: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        assert process.poll() is None, "Azurite has ended"
        assert time.monotonic() < deadline, "Azurite didn't start"
        try:
            status = server.make_container(name)
        except OSError:
            time.sleep(0.05)
        else:
            assert status == http.client.CREATED, status
            return
