"""Secrets: who can read their files, and could somebody guess them. They are looked at here, and never shown."""

import math
import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.doctor.finding import Finding, fail, ok, warn
from deploy.doctor.stack import Stack

_LONG = ("PASSWORD_PEPPER", "REFRESH_KEY", "KEY_ENCRYPTION_KEY", "FILE_LINK_KEY")
_URLS = ("DATABASE_URL", "DATABASE_DIRECT_URL", "VALKEY_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL")
_PRIVATE_FILES = ("IDENTITY_KEY_FILE", *(f"{name}_FILE" for name in (*_LONG, *_URLS)))
_ENOUGH_BITS = 96.0
_DEFAULTS = re.compile(
    r"(?i)change[-_ ]?(me|this)|secret|passw(or)?d|postgres|valkey|redis|colonnade|admin|example|default|qwert|12345"
)


def secrets(stack: Stack) -> list[Finding]:
    return [*_files(stack), *_values(stack)]


def _files(stack: Stack) -> list[Finding]:
    places = {environ[name] for environ in stack.environments.values() for name in _PRIVATE_FILES if environ.get(name)}
    findings = [finding for place in sorted(places) if (finding := _file(Path(place)))]
    trusts = {environ["TRUST_FILE"] for environ in stack.environments.values() if environ.get("TRUST_FILE")}
    findings += [finding for place in sorted(trusts) if (finding := _trust_file(Path(place)))]
    if places and not findings:
        return [ok("secret files", f"{len(places)}, each readable by its owner alone")]
    return findings


def _file(path: Path) -> Finding | None:
    mode = _mode(path)
    if mode is None:
        return warn("secret files", f"{path} can't be looked at from here", "run this where the program runs")
    if mode & (0o037 if _is_lent(path) else 0o077):
        return fail(
            "secret files", f"{path} has mode {mode:04o}: others can get at it", f"chmod 600 {path}, and replace it"
        )
    return None


def _is_lent(path: Path) -> bool:
    """Whether it is another's, who lets our group read it: so does Kubernetes, where a pod has its group to itself."""
    found = path.stat()
    return found.st_uid != os.geteuid() and found.st_gid == os.getegid()


def _trust_file(path: Path) -> Finding | None:
    """It holds public keys, so anybody may read it; who can write to it can speak for anybody."""
    mode = _mode(path)
    if mode is not None and mode & 0o022:
        return fail("trust file", f"{path} has mode {mode:04o}: others can write to it", f"chmod 644 {path}")
    return None


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _values(stack: Stack) -> list[Finding]:
    findings, used = [], defaultdict(set)
    for name, value in _secrets(stack):
        used[value].add(name)
        if told := weakness(value):
            advice = "replace it by 32 random bytes: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            findings.append(fail("secrets", f"{name} {told}", advice))
    findings += [
        fail("secrets", f"{' and '.join(sorted(names))} are the same", "give each a value of its own")
        for names in used.values()
        if len(names) > 1
    ]
    if used and not findings:
        return [ok("secrets", f"{len(used)}, none of them weak, a known default, or used twice")]
    return findings


def _secrets(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield each secret once, under the name of its variable, or of the role whose password it is."""
    seen = set()
    for program in stack.environments:
        found: Mapping[str, str] = {name: stack.told(program, name) for name in _LONG}
        for name in _URLS:
            parts = urlsplit(stack.told(program, name))
            if parts.password is not None:
                found = {**found, f"the password of {parts.username or 'Valkey'}": unquote(parts.password)}
        for pair in found.items():
            if pair[1] and pair not in seen:
                seen.add(pair)
                yield pair


def weakness(secret: str) -> str:
    """Say why somebody might guess a secret; empty if nobody will."""
    if _DEFAULTS.search(secret) and bits(_DEFAULTS.sub("", secret)) < _ENOUGH_BITS:
        return "looks like a default or a placeholder"
    if bits(secret) < _ENOUGH_BITS:
        return f"is weak: about {bits(secret):.0f} bits"
    return ""


def bits(secret: str) -> float:
    """Return an upper bound of what guessing takes, by how often each character occurs."""
    counts, length = Counter(secret), len(secret)
    return sum(count * math.log2(length / count) for count in counts.values()) if length else 0.0
