"""The upstreams that a route file adds to the built-in ones, and how it wants any of them treated: [upstreams.NAME]."""

import re
from collections.abc import Collection

from gateway.routes.fields import Fields, Report
from gateway.routes.model import LOCAL, UpstreamSettings
from shared.places import socket_path

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_URL = re.compile(r"http://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?/?")
_HIGHEST_PORT = 65535
_EXAMPLES = "http://127.0.0.1:9000, without a path, or unix:///run/app.sock"

# A name is the audience of what the gateway asserts to that upstream: two programs that answer to one name could use
# each other's assertions.
_OURS = (LOCAL, "gateway")


_KEYS = frozenset({"url", "connect_timeout", "keep_alive", "max_in_flight", "queue", "queue_timeout"})
_DEFAULT = UpstreamSettings()
_LONGEST_WAIT, _LONGEST_KEEP_ALIVE = 60.0, 3600.0  # seconds
_MOST = 65_536

Urls = dict[str, str]
Settings = dict[str, UpstreamSettings]


def read_upstreams(tables: object, report: Report, built_in: Collection[str]) -> tuple[Urls, Settings]:
    """Return the base URLs of the upstreams that the file adds, and how each one that it names is to be treated.

    There are commas between those of several instances. Each mistake is reported with its line.
    """
    if not isinstance(tables, dict) or not all(isinstance(values, dict) for values in tables.values()):
        report.add(report.lines.of("upstreams"), "upstreams are tables: [upstreams.NAME]")
        return {}, {}
    every = {name: Fields(values, report, f"upstreams.{name}") for name, values in tables.items()}
    settings = {name: _settings(fields) for name, fields in every.items()}
    return {name: _urls(fields) for name, fields in every.items() if _is_added(name, fields, built_in)}, settings


def _settings(fields: Fields) -> UpstreamSettings:
    fields.only(_KEYS)
    return UpstreamSettings(
        connect_timeout=fields.seconds("connect_timeout", _LONGEST_WAIT, _DEFAULT.connect_timeout),
        keep_alive=fields.seconds("keep_alive", _LONGEST_KEEP_ALIVE, _DEFAULT.keep_alive),
        max_in_flight=fields.integer("max_in_flight", _DEFAULT.max_in_flight, range(1, _MOST + 1)),
        queue=fields.integer("queue", _DEFAULT.queue, range(_MOST + 1)),
        queue_timeout=fields.seconds("queue_timeout", _LONGEST_WAIT, _DEFAULT.queue_timeout),
    )


def _is_added(name: str, fields: Fields, built_in: Collection[str]) -> bool:
    """A built-in one may be given settings, but no other place; the gateway itself is none to speak of."""
    if name in built_in:
        if "url" in fields:
            fields.mistake(
                "url", f"upstream {name!r} is built in, and its URL is told by a variable; choose another name"
            )
        return False
    if name in _OURS:
        fields.mistake("", f"upstream {name!r} is built in; choose another name")
    elif not _NAME.fullmatch(name):
        fields.mistake("", f"upstream {name!r} must be lower-case letters, digits and _, beginning with a letter")
    return True


def _urls(fields: Fields) -> str:
    """Return those of all instances, each once, with commas between them."""
    text = fields.text("url")
    urls = [each.strip() for each in text.split(",")] if text else []
    for url in urls:
        try:
            _check(url)
        except ValueError as exc:
            fields.mistake("url", f"url {url!r} is not one such as {_EXAMPLES}{exc}")
    return ",".join(dict.fromkeys(url.rstrip("/") for url in urls))


def _check(url: str) -> None:
    """Raises ValueError, with more to tell where it is a socket's."""
    if url.startswith("unix:"):
        try:
            socket_path(url)
        except ValueError as exc:
            raise ValueError(f": {exc}") from None
    elif not (parts := _URL.fullmatch(url)) or not 0 < int(parts["port"] or 80) <= _HIGHEST_PORT:
        raise ValueError
