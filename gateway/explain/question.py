"""What /explain is asked: a request in query parameters, made into the bytes that its client would send."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from multidict import MultiMapping

from shared.errors import InvalidParameter, Violation

_KNOWN = frozenset(("method", "path", "header", "peer"))


@dataclass(frozen=True, slots=True)
class Question:
    """`path` with its query, `headers` as lines (`Name: value`), `peer` as the socket would name it."""

    method: str
    path: str
    headers: tuple[str, ...]
    peer: str

    def head(self, host: str) -> bytes:
        """Return the request's head. `host` is added unless the question has one of its own."""
        named = any(line.partition(":")[0].strip().lower() == "host" for line in self.headers)
        lines = (f"{self.method} {self.path} HTTP/1.1", *(() if named else (f"Host: {host}",)), *self.headers)
        return "\r\n".join((*lines, "", "")).encode("utf-8", "surrogateescape")


def read_question(query: MultiMapping[str]) -> Question:
    """Raises InvalidParameter: the question itself must be clear, or its answer would be about another request."""
    wrong = [Violation(name, "is none of method, path, header, peer") for name in query if name not in _KNOWN]
    wrong += [Violation(name, "may be given once") for name in _KNOWN - {"header"} if len(query.getall(name, ())) > 1]
    question = Question(
        method=query.get("method", "GET"),
        path=query.get("path", "/"),
        headers=tuple(query.getall("header", ())),
        peer=query.get("peer", "127.0.0.1"),
    )
    parts = {"method": (question.method,), "path": (question.path,), "header": question.headers}
    wrong += [Violation(name, "holds a line break") for name, given in parts.items() if _is_broken(given)]
    wrong += [Violation("header", "is a line `Name: value`") for line in question.headers if ":" not in line]
    if not _is_address(question.peer):
        wrong.append(Violation("peer", "is an IP address"))
    if wrong:
        raise InvalidParameter(errors=wrong)
    return question


def _is_broken(given: Sequence[str]) -> bool:
    return any(character in text for text in given for character in "\r\n")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
