"""The names that fields of our log lines may have: those of the Elastic Common Schema 8.17 that are used, and ours.

Where ECS has none, OpenTelemetry's semantic conventions may (`http.route`); anything else goes below `colonnade.`, so
that no field gets a name to which ECS gives another type.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from shared import VERSION

NAMES = frozenset((
    "@timestamp", "client.ip", "dns.question.name", "ecs.version", "error.code", "error.message", "error.stack_trace",
    "error.type", "event.action", "event.duration", "event.id", "event.reason", "file.path", "http.request.body.bytes",
    "http.request.id", "http.request.method", "http.response.body.bytes", "http.response.status_code", "log.level",
    "log.logger", "message", "parent.id", "process.pid", "server.address", "server.port", "service.name",
    "service.target.name", "service.version", "span.id", "tls.server.not_after", "trace.id", "url.full", "url.path",
    "user.id",
))  # fmt: skip
CONVENTIONS = frozenset(("http.route",))
OURS = "colonnade."


def is_known(name: str) -> bool:
    return name in NAMES or name in CONVENTIONS or name.startswith(OURS)


def unknown_fields(files: Iterable[Path]) -> dict[str, str]:
    """Return the fields of other names in this release's own lines, each with the first file that has it."""
    found: dict[str, str] = {}
    for file in files:
        for line in file.read_text("utf-8", "replace").splitlines():
            if '"service.version"' not in line or not line.startswith("{"):
                continue
            try:
                fields = json.loads(line)
            except ValueError:  # the rest of a line that another process's cut in two
                continue
            if fields.get("service.version") != VERSION:  # the release before, which an upgrade runs beside it
                continue
            for name in fields:
                if not is_known(name):
                    found.setdefault(name, str(file))
    return found
