"""Just enough of PromQL to tell which series an expression reads, and by which labels it puts them together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<time>\[[^\]]*\]|\d+(?:\.\d+)?(?:ms|[smhdwy])\b)
    | (?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)
    | (?P<word>[A-Za-z_:][\w:]*)
    | (?P<sign>=~|!~|!=|==|<=|>=|\S)
    """,
    re.VERBOSE,
)
_GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = {"and", "or", "unless", "offset", "bool", "inf", "nan"}


@dataclass
class Reading:
    """`selectors` as they are written; `labels` are those of groupings, `made` those that label_replace makes."""

    selectors: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)


def read(expression: str) -> Reading:
    tokens = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(expression)]
    reading = Reading(made=set(re.findall(r'label_replace\(.*?,\s*"(\w+)"', expression, re.DOTALL)))
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if kind == "word" and text in _GROUPING:
            end = _closing(tokens, at, ")") if following == "(" else at
            reading.labels.update(word for kind, word in tokens[at + 1 : end] if kind == "word")
            at = end
        elif kind == "word" and text not in _WORDS and following not in ("(", "by", "without"):
            end = _closing(tokens, at, "}") if following == "{" else at
            reading.selectors.append("".join(part for _, part in tokens[at : end + 1]))
            at = end
        at += 1
    return reading


def _closing(tokens: list[tuple[str, str]], at: int, sign: str) -> int:
    return next(n for n in range(at, len(tokens)) if tokens[n] == ("sign", sign))


def legend_labels(legend: str) -> Iterator[str]:
    """Yield the labels that a legend names series by."""
    yield from re.findall(r"\{\{\s*(\w+)\s*\}\}", legend)
