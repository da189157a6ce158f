"""The package index, relayed on loopback for a build that shares the machine's network but not what it trusts.

A site whose way out is by a proxy with a certificate of its own has that in its trust store; a fresh container hasn't.
What comes through is checked by the locked hashes either way.
"""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_INDEX, _FILES = "https://pypi.org", "https://files.pythonhosted.org"


class _Relay(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        origin = _INDEX if self.path.startswith("/simple/") else _FILES
        request = urllib.request.Request(origin + self.path, headers={"Accept": "text/html"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                kind, body = answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as exc:
            self.send_error(exc.code)
            return
        if origin == _INDEX:
            body = body.replace(_FILES.encode(), b"")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: pip and uv tell what they miss."""


@contextmanager
def package_index() -> Iterator[str]:
    """Yield the URL of a simple index."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    finally:
        server.shutdown()
        server.server_close()
