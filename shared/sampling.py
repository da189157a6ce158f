"""Rules for how much is kept of what happens often, as people write them: `GET 2xx 10%; /v1/files* 1%; slow 500ms`.

A rule is what it is about, and a share. It may name a method, a status (404) or a class of them (2xx), and a route as
the program's own metrics call it, with * for anything. The first rule that fits counts; a bare share is for all the
rest. `slow` says from what duration on something is kept always.
"""

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from random import random

from shared.loop_metrics import LoopCounter

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_METHOD = re.compile(r"[A-Z]+")
_STATUS = re.compile(r"[1-5](xx|\d\d)")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)%")
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s)")
_WHOLE = 100.0
_FIRST_BLAME, _FIRST_FAILURE = 400, 500

LEFT_OUT = LoopCounter("log_lines_sampled_out", "Lines about requests that LOG_SAMPLE left out.", ()).labels()


@dataclass(frozen=True, slots=True)
class Rule:
    """`method`, `status` and `route` are empty where any will do; `share` is from 0 to 1."""

    share: float
    method: str = ""
    status: str = ""
    route: str = ""

    def fits(self, method: str, route: str, status: int) -> bool:
        """`status` is 0 where it isn't known yet."""
        return (
            self.method in ("", method)
            and (not self.status or (bool(status) and _is_of(self.status, status)))
            and (not self.route or fnmatchcase(route, self.route))
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """`rest` is the share where no rule fits, and `slow` in seconds."""

    rules: tuple[Rule, ...] = ()
    rest: float = 1.0
    slow: float = 1.0

    @property
    def keeps_all(self) -> bool:
        return self.rest == 1.0 and all(rule.share == 1.0 for rule in self.rules)

    def share(self, method: str, route: str, status: int = 0) -> float:
        return next((rule.share for rule in self.rules if rule.fits(method, route, status)), self.rest)


KEEP_ALL = Rules()


class Sampler:
    """Draws which lines about requests are written. Failures, slow requests and unsafe ones always are.

    So is what the client is to blame for (4xx), unless a rule names its status.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._for_blame = replace(rules, rules=tuple(rule for rule in rules.rules if rule.status), rest=1.0)
        self._shares: dict[tuple[str, str, int], float] = {}

    def draw(self, method: str, route: str, status: int, seconds: float) -> float:
        """Return the share by which a line like this is written if it is to be, else 0."""
        if method not in SAFE_METHODS or status >= _FIRST_FAILURE or seconds >= self._rules.slow:
            return 1.0
        share = self._shares.get((method, route, status))
        if share is None:
            rules = self._for_blame if status >= _FIRST_BLAME else self._rules
            share = self._shares[method, route, status] = rules.share(method, route, status)
        if share == 1.0 or random() < share:  # noqa: S311  no secret
            return share
        LEFT_OUT.inc()
        return 0.0


def parse_rules(text: str, defaults: Rules, *, by_status: bool) -> Rules:
    """Raises ValueError, whose message says what is wrong. `by_status`: rules may name statuses."""
    rules, seen_rest = defaults, False
    for part in filter(None, (each.strip() for each in re.split(r"[;,\n]", text))):
        *conditions, last = part.split()
        if conditions == ["slow"]:
            rules = replace(rules, slow=_seconds(last))
            continue
        if seen_rest:
            raise ValueError(f"{part!r} comes after a share for all the rest, so that it never counts")
        rule = _rule(conditions, _share(last))
        _check(rule, part, by_status=by_status)
        seen_rest = not conditions
        rules = replace(rules, rest=rule.share) if seen_rest else replace(rules, rules=(*rules.rules, rule))
    return rules


def _rule(conditions: list[str], share: float) -> Rule:
    found: dict[str, str] = {}
    for word in conditions:
        name = "method" if _METHOD.fullmatch(word) else "status" if _STATUS.fullmatch(word) else "route"
        if name in found:
            raise ValueError(f"{word!r} is the second {name} of its rule")
        found[name] = word
    return Rule(share, **found)


def _check(rule: Rule, part: str, *, by_status: bool) -> None:
    if rule.status and not by_status:
        raise ValueError(f"{part!r} names a status, which isn't known yet when this is decided")
    if by_status and rule.method and rule.method not in SAFE_METHODS:
        raise ValueError(f"{part!r}: {rule.method} is always kept")
    if rule.status.startswith("5"):
        raise ValueError(f"{part!r}: failures are always kept")


def _share(word: str) -> float:
    match = _SHARE.fullmatch(word)
    if match is None or float(match[1]) > _WHOLE:
        raise ValueError(f"{word!r} isn't a share like 10% or 0.5%")
    return float(match[1]) / _WHOLE


def _seconds(word: str) -> float:
    match = _DURATION.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} isn't a duration like 500ms or 2s")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def _is_of(status_class: str, status: int) -> bool:
    text = str(status)
    return status_class in (text, f"{text[0]}xx")
