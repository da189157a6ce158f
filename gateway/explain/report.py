"""What is found out about a request, step by step, and its two forms: JSON, and lines for people."""

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.errors import AppError

_WIDTH = 116
_INDENT = " " * 26


@dataclass(slots=True)
class Step:
    """One of the way's steps. `outcome` is ok, skipped, or refused; `facts` are for machines and the curious."""

    name: str
    outcome: str = "ok"
    why: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def tell(self, why: str, **facts: Any) -> None:
        self.why = why
        self.facts |= facts

    def skip(self, why: str) -> None:
        self.outcome, self.why = "skipped", why

    def refuse(self, error: AppError) -> None:
        reason = getattr(error, "flaw", "") or error.detail or error.title
        proxy_status = error.headers.get("Proxy-Status")
        if proxy_status:
            reason += f" ({proxy_status.rpartition('error=')[2]})"
        self.outcome = "refused"
        self.why = f"{error.status} {error.code}: {reason.rstrip('.')}" + (f"; {self.why}" if self.why else "")
        self.facts |= {"status": error.status, "code": error.code, "reason": reason}


@dataclass(slots=True)
class Report:
    """`outcome`: forwarded (the service decides on `status`), answered by the gateway itself, or refused."""

    request: str
    outcome: str = "forwarded"
    status: int | None = None
    code: str = ""
    route: str = "unmatched"
    upstream: str = ""
    steps: list[Step] = field(default_factory=list)
    request_headers: list[tuple[str, Any]] = field(default_factory=list)  # that the service would get
    answer_headers: list[tuple[str, str]] = field(default_factory=list)  # that the gateway adds to any answer

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Add a step, and note in it what it raises."""
        step = Step(name)
        self.steps.append(step)
        try:
            yield step
        except AppError as exc:
            step.refuse(exc)
            raise

    def refuse(self, error: AppError) -> None:
        self.outcome, self.status, self.code = "refused", error.status, error.code

    @property
    def verdict(self) -> str:
        if self.outcome == "forwarded":
            return f"goes to {self.upstream}, by route {self.route}"
        if self.outcome == "answered":
            return f"{self.status or 'a page'}, from the gateway itself, by route {self.route}"
        return f"{self.status} {self.code}, refused by the gateway at: {self.steps[-1].name}"

    def lines(self) -> str:
        """Return it for a person: the verdict first, then every step and why."""
        told = [f"{self.request} -> {self.verdict}", ""]
        told += [_line(f"{step.outcome:<8} {step.name:<15}", step.why) for step in self.steps]
        for title, headers in (("The service gets", self.request_headers), ("Any answer carries", self.answer_headers)):
            if headers:
                told += ["", f"{title}:", *(_line(f"  {name}:", _text(value)) for name, value in headers)]
        return "\n".join(told) + "\n"


def _line(start: str, text: str) -> str:
    return textwrap.fill(
        f"{start} {text}", _WIDTH, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    return str(value)
