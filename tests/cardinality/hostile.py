"""Requests whose every part is made up anew, in a few kinds; what a kind is refused or answered by is always the same.

`SOMETHING` in a kind stands for what is made up.
"""

import random
import string
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_LETTERS = string.ascii_letters + string.digits + "-_.~"
_EXTENSIONS = ["jpg", "png", "pdf", "zip", "exe", "html", "svg", "xml", "docx", "mp4", "iso", "tar.gz", "php", "sh"]
_TYPES = ["image", "text", "application", "video", "audio", "font", "model", "x-made-up"]


@dataclass(frozen=True, slots=True)
class Kind:
    """`to` is a program's public port or the gateway's; `signed_in` sends an access token along."""

    method: str
    path: str
    to: str = "gateway"
    signed_in: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, str] | None = None
    body: bytes = b""


def _services(kind: Callable[[str], Kind]) -> list[Kind]:
    return [kind(program) for program in ("gateway", "auth_service", "user_service", "file_service")]


_JSON = {"Content-Type": "application/json"}
KINDS: tuple[Kind, ...] = (
    *_services(lambda program: Kind("GET", "/WORD/WORD", program)),
    *_services(lambda program: Kind("GET", "/v1/WORD", program)),
    *_services(lambda program: Kind("METHOD", "/v1/users/UUID", program)),
    *_services(lambda program: Kind("METHOD", "/WORD?WORD=WORD", program)),
    *_services(lambda program: Kind("GET", "/v1/users/me", program, headers={"X-Identity": "WORD.WORD.WORD"})),
    *_services(lambda program: Kind("GET", "/v1/files/WORD?WORD=WORD", program, headers={"WORD": "WORD"})),
    Kind("GET", "/%2e%2e/WORD"),
    Kind("GET", "/v1//WORD"),
    Kind("GET", "/docs/WORD"),
    Kind("GET", "/assets/WORD.js"),
    Kind("GET", "/v1/users/me", headers={"Authorization": "Bearer WORD.WORD.WORD"}),
    Kind("GET", "/v1/users/me", headers={"Authorization": "WORD WORD"}),
    Kind("GET", "/", headers={"Host": "WORD.example", "X-Forwarded-For": "WORD", "X-Forwarded-Host": "WORD"}),
    Kind("GET", "/", headers={"traceparent": "WORD", "X-Request-Id": "WORD", "User-Agent": "WORD"}),
    Kind("OPTIONS", "/v1/users/UUID", headers={"Origin": "https://WORD", "Access-Control-Request-Method": "METHOD"}),
    Kind("POST", "/v1/auth/login", json={"email": "WORD@WORD.example", "password": "WORD"}),
    Kind("POST", "/v1/auth/login", json={"WORD": "WORD"}),
    Kind("POST", "/v1/auth/login", headers={"Content-Type": "WORD/WORD"}, body=b"WORD"),
    Kind("POST", "/v1/auth/register", json={"email": "WORD@WORD.example", "password": "WORDWORD"}),
    Kind("POST", "/v1/auth/refresh", json={"refresh_token": "UUID.1.WORD.WORD"}),
    Kind("GET", "/v1/auth/providers/WORD/sign-in?redirect_uri=WORD"),
    Kind("GET", "/s/WORD"),
    Kind("GET", "/drop/WORD"),
    Kind("GET", "/v1/users/UUID", signed_in=True),
    Kind("GET", "/v1/users?q=WORD", signed_in=True),
    Kind("GET", "/v1/users?cursor=WORD", signed_in=True),
    Kind("PATCH", "/v1/users/me", signed_in=True, json={"display_name": "WORD"}),
    Kind("PATCH", "/v1/users/me", signed_in=True, json={"WORD": "WORD"}),
    Kind("GET", "/v1/files/UUID", signed_in=True),
    Kind("GET", "/v1/files/UUID/content", signed_in=True, headers={"Range": "bytes=WORD"}),
    Kind("POST", "/v1/files?name=WORD.EXTENSION", signed_in=True, headers={"Content-Type": "TYPE"}, body=b"WORD WORD"),
    Kind("POST", "/v1/files?name=WORD&purpose=WORD", signed_in=True, body=b"WORD"),
    Kind("DELETE", "/v1/auth/sessions/UUID", signed_in=True),
    Kind("POST", "/v1/auth/api-keys", signed_in=True, json={"name": "WORD", "WORD": "WORD"}),
)


# Those that no limit counts: what is refused before, or comes to a service past the gateway.
UNLIMITED = tuple(
    kind for kind in KINDS if kind.to != "gateway" or kind.path.startswith(("/WORD", "/v1/WORD", "/%", "/v1//"))
)


class Fantasy:
    """The same seed makes the same up."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def fill(self, text: str) -> str:
        makers: Mapping[str, Callable[[], str]] = {
            "WORD": self._word,
            "UUID": lambda: str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            "METHOD": lambda: "".join(self._random.choices(string.ascii_uppercase, k=9)),
            "EXTENSION": lambda: self._random.choice(_EXTENSIONS),
            "TYPE": lambda: f"{self._random.choice(_TYPES)}/{self._word()}",
        }
        for name, make in makers.items():
            while name in text:
                text = text.replace(name, make().lower() if name != "METHOD" else make(), 1)
        return text

    def _word(self) -> str:
        return self._random.choice(string.ascii_lowercase) + "".join(self._random.choices(_LETTERS, k=11)).strip(".")
