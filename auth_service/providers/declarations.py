"""The file of providers: read whole, and either all of it is right or every mistake in it is told."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from auth_service.providers.places import is_safe_place
from shared.settings import Secret

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SCOPE = re.compile(r"[!#-\[\]-~]{1,128}")  # RFC 6749, 3.3
_LONGEST = 512  # characters of a text
_MOST_PROVIDERS = 50
_KEYS = frozenset({
    "id", "label", "kind", "issuer", "client_id", "client_secret", "client_secret_file", "scopes", "parameters",
    "email_always_verified", "accept_unverified_email", "authorization_endpoint", "token_endpoint", "api_url",
})  # fmt: skip
_OURS = frozenset({
    "client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "request", "request_uri",
    "response_mode", "response_type", "scope", "state",
})  # fmt: skip


class ProviderKind(StrEnum):
    OPENID = "openid"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class GitHubPlaces:
    authorization_endpoint: str = "https://github.com/login/oauth/authorize"
    token_endpoint: str = "https://github.com/login/oauth/access_token"  # noqa: S105  an address
    api_url: str = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A provider as the operator wrote it. `parameters` are added to what it is asked.

    `email_always_verified`: each address that it tells is its person's, though it doesn't say so itself.
    `accept_unverified_email`: people may make an account here with an address that nobody has verified.
    """

    id: str
    label: str
    issuer: str
    client_id: str
    client_secret: Secret
    scopes: tuple[str, ...]
    kind: ProviderKind = ProviderKind.OPENID
    parameters: Mapping[str, str] = field(default_factory=dict)
    email_always_verified: bool = False
    accept_unverified_email: bool = False
    github: GitHubPlaces = field(default_factory=GitHubPlaces)


def read_declarations(path: Path) -> tuple[list[Declaration], list[str]]:
    """Return the providers and the mistakes, one line each; the providers are of use where there are none."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        return [], [f"{path}: can't be read: {exc}"]
    tables = document.pop("provider", [])
    mistakes = [f"unknown key {key!r}" for key in document]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return [], [f"{path}: providers are an array of tables: [[provider]]"]
    if len(tables) > _MOST_PROVIDERS:
        mistakes.append(f"there are more than {_MOST_PROVIDERS} providers")
    readers = [_Table(table, f"provider {number}", path.parent) for number, table in enumerate(tables, 1)]
    found = [reader.declaration() for reader in readers]
    mistakes += [mistake for reader in readers for mistake in reader.mistakes]
    mistakes += _twins([each.id for each in found if each.id])
    return found, [f"{path}: {mistake}" for mistake in mistakes]


def _twins(ids: Sequence[str]) -> list[str]:
    return [f"id {each!r} is given more than once" for each in dict.fromkeys(ids) if ids.count(each) > 1]


class _Table:
    """One [[provider]], and what is wrong with it. A value that is missing or wrong is read as an empty one."""

    def __init__(self, values: Mapping[str, Any], name: str, folder: Path) -> None:
        self._values = values
        self._name = f"{name} ({values['id']})" if isinstance(values.get("id"), str) else name
        self._folder = folder
        self.mistakes: list[str] = []

    def declaration(self) -> Declaration:
        for key in sorted(self._values.keys() - _KEYS):
            self._mistake(f"unknown key {key!r}")
        kind = self._kind()
        github = kind is ProviderKind.GITHUB
        return Declaration(
            id=self._id(),
            label=self._text("label"),
            kind=kind,
            issuer=self._place("issuer", "https://github.com" if github else None),
            client_id=self._text("client_id"),
            client_secret=self._secret(required=github),
            scopes=self._scopes(("read:user", "user:email") if github else ("openid", "email"), kind),
            parameters=self._parameters(),
            email_always_verified=self._flag("email_always_verified"),
            accept_unverified_email=self._flag("accept_unverified_email"),
            github=self._github(kind),
        )

    def _mistake(self, text: str) -> None:
        self.mistakes.append(f"{self._name}: {text}")

    def _text(self, key: str, default: str | None = None) -> str:
        value = self._values.get(key, default)
        if value is None:
            self._mistake(f"{key} is missing")
        elif not isinstance(value, str) or not value.strip() or len(value) > _LONGEST or not value.isprintable():
            self._mistake(f"{key} must be a text of 1 to {_LONGEST} characters that can be printed")
        else:
            return value
        return ""

    def _id(self) -> str:
        name = self._text("id")
        if name and not _ID.fullmatch(name):
            self._mistake("id must be lower-case letters, digits and -, 32 at most: it is part of addresses")
        return name

    def _kind(self) -> ProviderKind:
        kind = self._text("kind", ProviderKind.OPENID)
        try:
            return ProviderKind(kind)
        except ValueError:
            self._mistake(f"kind must be one of {', '.join(ProviderKind)}")
            return ProviderKind.OPENID

    def _place(self, key: str, default: str | None = None) -> str:
        url = self._text(key, default)
        if url and (not is_safe_place(url) or "?" in url):
            self._mistake(f"{key} must be an https URL without query and fragment; http is for loopback alone")
        return url

    def _flag(self, key: str) -> bool:
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            self._mistake(f"{key} must be true or false")
        return value is True

    def _secret(self, *, required: bool) -> Secret:
        """Return the secret; empty for a client that has none (RFC 6749, 2.1), which PKCE alone protects."""
        if "client_secret" in self._values and "client_secret_file" in self._values:
            self._mistake("client_secret and client_secret_file are both given")
        if "client_secret_file" in self._values:
            return self._secret_in(self._text("client_secret_file"))
        if "client_secret" in self._values or required:
            return Secret(self._text("client_secret"))
        return Secret("")

    def _secret_in(self, name: str) -> Secret:
        if not name:
            return Secret("")
        try:
            text = (self._folder / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as exc:
            self._mistake(f"client_secret_file can't be read: {exc}")
            return Secret("")
        if not text:
            self._mistake("client_secret_file is empty")
        return Secret(text)

    def _scopes(self, default: tuple[str, ...], kind: ProviderKind) -> tuple[str, ...]:
        value = self._values.get("scopes", list(default))
        if not isinstance(value, list) or not all(isinstance(each, str) and _SCOPE.fullmatch(each) for each in value):
            self._mistake("scopes must be a list of texts without spaces")
            return default
        if kind is ProviderKind.OPENID and "openid" not in value:
            self._mistake("scopes must hold openid: without it there is no ID token")
        return tuple(dict.fromkeys(value))

    def _parameters(self) -> dict[str, str]:
        value = self._values.get("parameters", {})
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            self._mistake("parameters must be a table of texts")
            return {}
        for key in sorted(value.keys() & _OURS):
            self._mistake(f"parameter {key!r} is set by us")
        return value

    def _github(self, kind: ProviderKind) -> GitHubPlaces:
        keys = ("authorization_endpoint", "token_endpoint", "api_url")
        if kind is not ProviderKind.GITHUB:
            for key in keys:
                if key in self._values:
                    self._mistake(f"{key} is for kind github; others tell it themselves")
            return GitHubPlaces()
        default = GitHubPlaces()
        return GitHubPlaces(*(self._place(key, getattr(default, key)) for key in keys))
