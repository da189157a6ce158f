"""A readable guess at what sends a User-Agent. Anybody can send anything: it is shown to people and decides nothing."""

import re
from dataclasses import dataclass

# What comes first counts: most browsers name their ancestors too.
_BROWSERS = (
    (re.compile(r"\bEdg(?:e|A|iOS)?/"), "Edge"),
    (re.compile(r"\b(?:OPR|OPiOS|Opera)/"), "Opera"),
    (re.compile(r"\bSamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"\bVivaldi/"), "Vivaldi"),
    (re.compile(r"\bYaBrowser/"), "Yandex Browser"),
    (re.compile(r"\b(?:DuckDuckGo|Ddg)/"), "DuckDuckGo"),
    (re.compile(r"\b(?:Firefox|FxiOS)/"), "Firefox"),
    (re.compile(r"\b(?:Chrome|CriOS|Chromium|HeadlessChrome)/"), "Chrome"),
    (re.compile(r"\bVersion/\S+ (?:Mobile/\S+ )?Safari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"\biPhone\b"), "iPhone"),
    (re.compile(r"\biPad\b"), "iPad"),
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\bMac OS X\b|\bMacintosh\b|\bDarwin\b"), "macOS"),
    (re.compile(r"\bLinux\b|\bX11\b"), "Linux"),
)
_PRODUCT = re.compile(r"([A-Za-z][A-Za-z0-9._-]{0,39})(?:/|$)")  # RFC 9110, 10.1.5: a program names itself first
_NOBODY = "Mozilla"  # what every browser claims to be


@dataclass(frozen=True, slots=True)
class Agent:
    """`browser` is a browser's name, or a program's; either is empty where it can't be told."""

    browser: str
    system: str


def read_agent(user_agent: str) -> Agent:
    """Return what it seems to be. Nothing is too odd for it."""
    return Agent(_first(_BROWSERS, user_agent) or _product(user_agent), _first(_SYSTEMS, user_agent))


def _first(rules: tuple[tuple[re.Pattern[str], str], ...], user_agent: str) -> str:
    return next((name for pattern, name in rules if pattern.search(user_agent)), "")


def _product(user_agent: str) -> str:
    found = _PRODUCT.match(user_agent)
    return found[1] if found is not None and found[1] != _NOBODY else ""
