"""The upstreams that a route file adds to the built-in ones: [upstreams.NAME] with its `url`."""

import re
from collections.abc import Collection

from gateway.routes.fields import Fields, Report
from gateway.routes.model import LOCAL

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_URL = re.compile(r"http://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?/?")
_HIGHEST_PORT = 65535

# A name is the audience of what the gateway asserts to that upstream: two programs that answer to one name could use
# each other's assertions.
_OURS = (LOCAL, "gateway")


def read_upstreams(tables: object, report: Report, built_in: Collection[str]) -> dict[str, str]:
    """Return base URLs by name; each mistake is reported with its line."""
    if not isinstance(tables, dict) or not all(isinstance(values, dict) for values in tables.values()):
        report.add(report.lines.of("upstreams"), "upstreams are tables: [upstreams.NAME]")
        return {}
    taken = {*_OURS, *built_in}
    return {name: _url(name, Fields(values, report, f"upstreams.{name}"), taken) for name, values in tables.items()}


def _url(name: str, fields: Fields, taken: Collection[str]) -> str:
    fields.only({"url"})
    if name in taken:
        fields.mistake("", f"upstream {name!r} is built in; choose another name")
    elif not _NAME.fullmatch(name):
        fields.mistake("", f"upstream {name!r} must be lower-case letters, digits and _, beginning with a letter")
    url = fields.text("url")
    parts = _URL.fullmatch(url)
    if url and (parts is None or not 0 < int(parts["port"] or 80) <= _HIGHEST_PORT):
        fields.mistake("url", f"url {url!r} is not one such as http://127.0.0.1:9000, without a path")
    return url.rstrip("/")
