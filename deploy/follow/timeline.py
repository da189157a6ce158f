"""Tells what happened to one request, in the order in which it began, indented by who asked whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.follow.reading import Line
from shared.tracing import own_span_of

_REQUEST = "request"
_MILLION = 1e6
_TOLD_ELSEWHERE = frozenset((  # in the columns, or the same everywhere
    "@timestamp", "ecs.version", "error.stack_trace", "event.action", "event.duration", "http.request.body.bytes",
    "http.request.id", "http.request.method", "http.response.body.bytes", "http.response.status_code", "http.route",
    "log.level", "message", "parent.id", "process.pid", "service.name", "service.version", "span.id", "trace.id",
    "colonnade.job.id",
))  # fmt: skip
_DEEPEST = 12


@dataclass(slots=True)
class Entry:
    """One line, and when what it tells of began: the line of a request is written at its end."""

    line: Line
    began: datetime
    ended: datetime
    own: bool  # it tells of its span as a whole
    depth: int = 0
    below: "list[Entry]" = field(default_factory=list)

    @property
    def span_id(self) -> str:
        return str(self.line.get("span.id", ""))

    @property
    def parent_id(self) -> str:
        return str(self.line.get("parent.id", ""))


def entry_of(line: Line) -> Entry:
    ended = datetime.fromisoformat(line["@timestamp"])
    nanoseconds = line.get("event.duration", 0)
    return Entry(line, ended - timedelta(microseconds=nanoseconds / 1000), ended, own=bool(nanoseconds))


def timeline(lines: Sequence[Line]) -> str:
    """Return all lines of one trace as text for people."""
    entries = sorted((entry_of(line) for line in lines), key=lambda each: (each.began, each.ended))
    first = entries[0]
    requests = dict.fromkeys(str(each["http.request.id"]) for each in lines if each.get("http.request.id"))
    head = f"trace {first.line.get('trace.id', '-')}, request {', '.join(requests) or '-'}, from {first.began:%F %T.%f}"
    rows = [_row(entry, first.began) for root in nested(entries) for entry in _walk(root, 0)]
    return "\n".join([head + "Z", "", *rows])


def nested(entries: Sequence[Entry]) -> list[Entry]:
    """Put each below what asked for it, and return those that nothing here did.

    That is what tells of its span, or else of its parent; where neither is known, whatever lasted all the while.
    """
    owners = {entry.span_id: entry for entry in reversed(entries) if entry.own}
    roots: list[Entry] = []
    for entry in entries:
        above = _above(entry, owners, entries)
        (roots if above is None else above.below).append(entry)
    return roots


def _above(entry: Entry, owners: dict[str, Entry], entries: Sequence[Entry]) -> Entry | None:
    owner = owners.get(entry.span_id)
    if owner is not None and owner is not entry:
        return owner
    for parent_id in (entry.parent_id, _hop(entry.parent_id)):
        if parent_id in owners and owners[parent_id] is not entry:
            return owners[parent_id]
    around = [each for each in entries if each.own and each is not entry and _holds(each, entry)]
    return min(around, key=lambda each: each.ended - each.began, default=None) if entry.parent_id else None


def _hop(span_id: str) -> str:
    try:
        return own_span_of(span_id)
    except ValueError:
        return ""


def _holds(outer: Entry, inner: Entry) -> bool:
    return (
        outer.began <= inner.began
        and inner.ended <= outer.ended
        and outer.ended - outer.began > inner.ended - inner.began
    )


def _walk(entry: Entry, depth: int) -> Iterator[Entry]:
    entry.depth = min(depth, _DEEPEST)
    yield entry
    for each in entry.below:
        yield from _walk(each, depth + 1)


def _row(entry: Entry, start: datetime) -> str:
    line = entry.line
    after = (entry.began - start).total_seconds() * 1000
    took = f"{line['event.duration'] / _MILLION:.1f} ms" if entry.own else ""
    program = "  " * entry.depth + str(line.get("service.name", "?"))
    mark = "! " if line.get("log.level") in ("warning", "error") else ""
    return f"{after:+10.1f} ms {took:>11}  {program:<24} {mark}{_what(line)}".rstrip()


def _what(line: Line) -> str:
    told = [_printable(line.get("message") or line.get("event.action", ""))]
    for name, value in line.items():
        if name not in _TOLD_ELSEWHERE and value not in ("", None):
            told.append(f"{name.removeprefix('colonnade.')}={_printable(value)}")
    return "  ".join(told)


def _printable(value: object) -> str:
    """Keep what came from outside from steering the terminal."""
    text = str(value)
    return text if text.isprintable() else repr(text)
