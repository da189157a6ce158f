"""Takes down the secrets that tests send and receive over HTTP: whoever writes a test needn't think of it."""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote

import aiohttp

from tests.ledger import ledger

_LONGEST = 200_000  # bytes of a body that are looked through
_SECRET_NAMES = re.compile(
    r"(^|_)(password|token|secret|cookie|key|codes?|csrf|challenge|signature|assertion|state|verifier|email)$"
)
_NO_SECRETS = frozenset(("page_token", "csrf_failed"))
_IN_QUERY = re.compile(
    r"[?&#](?:token|code|key|secret|state|sig|signature|X-Amz-Signature|X-Amz-Security-Token)=([^&\s\"'<>]+)"
)
_IN_PATH = re.compile(r"(?<=/)[A-Za-z0-9_=-]{40,}(?=[/?\s\"'<>]|$)")
_SECRET_HEADERS = ("Authorization", "X-Identity", "Cookie", "Set-Cookie")
# `invalid_token`, a code of a problem; `nonsense` and `a password`, a test's.
_FACT = re.compile(r"[a-z][a-z_]*|[A-Z][a-z ]+|[a-z ]{,12}")


def install() -> None:
    """Look at all that aiohttp's client sends and reads in this process, from now on."""
    send, read = aiohttp.ClientSession._request, aiohttp.ClientResponse.read

    @functools.wraps(send)
    async def sending(session: aiohttp.ClientSession, method: str, url: Any, **options: Any) -> aiohttp.ClientResponse:
        _take_options(options)
        _take_text(str(url))
        answer = await send(session, method, url, **options)
        for name in _SECRET_HEADERS:
            for value in (*answer.request_info.headers.getall(name, ()), *answer.headers.getall(name, ())):
                _take_header(name, value)
        _take_text(answer.headers.get("Location", ""))
        return answer

    @functools.wraps(read)
    async def reading(answer: aiohttp.ClientResponse) -> bytes:
        body = await read(answer)
        if len(body) <= _LONGEST and answer.status < 400:
            _take_body(body, answer.headers.get("Content-Type", ""))
        return body

    aiohttp.ClientSession._request = sending  # type: ignore[assignment, method-assign]
    aiohttp.ClientResponse.read = reading  # type: ignore[assignment, method-assign]


def _note(value: str, what: str) -> None:
    if not _FACT.fullmatch(value):
        ledger.note(value, what)


def _take_options(options: Mapping[str, Any]) -> None:
    _take_json(options.get("json"))
    data = options.get("data")
    if isinstance(data, bytes | str) and len(data) <= _LONGEST:
        _take_body(data if isinstance(data, bytes) else data.encode("utf-8", "replace"), "application/json")
    elif isinstance(data, dict):
        _take_json(data)


def _take_header(name: str, value: str) -> None:
    if name in ("Cookie", "Set-Cookie"):
        try:
            cookies: Iterable[tuple[str, str]] = [(key, each.value) for key, each in SimpleCookie(value).items()]
        except CookieError:
            return
        for key, cookie in cookies:
            if "session" in key or "csrf" in key:
                _note(cookie, f"cookie {key}")
    else:
        scheme, _, credential = value.rpartition(" ")
        if scheme or name != "Authorization":
            _note(credential, name)


def _take_body(body: bytes, content_type: str) -> None:
    if "json" in content_type:
        try:
            _take_json(json.loads(body))
        except (ValueError, RecursionError):  # some tests send worse
            return
    elif content_type.startswith("text/"):
        _take_text(body.decode("utf-8", "replace"))


def _take_json(value: Any, name: str = "") -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            _take_json(each, str(key))
    elif isinstance(value, list | tuple):
        for each in value:
            _take_json(each, name)
    elif isinstance(value, str):
        if _SECRET_NAMES.search(name) and name not in _NO_SECRETS:
            _note(value, name)
        _take_text(value)


def _take_text(text: str) -> None:
    if "=" in text or "/" in text:
        for value in _IN_QUERY.findall(text):
            _note(unquote(value), "in a query")
        for value in _IN_PATH.findall(text):
            ledger.note(value, "in a path")
