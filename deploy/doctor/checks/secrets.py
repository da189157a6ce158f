"""Secrets: who can read their files, and could somebody guess them. They are looked at here, and never shown."""

import os
import stat
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from deploy.doctor.finding import Finding, fail, ok, warn
from deploy.doctor.stack import Stack
from shared.weak_secrets import ADVICE, KEYS, STORE_URLS, Part, parts

_PRIVATE_FILES = ("IDENTITY_KEY_FILE", *(f"{name}_FILE" for name in (*KEYS, *STORE_URLS)))


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
    for part in _secrets(stack):
        used[part.value].add(part.name)
        if part.flaw:
            advice = f"replace it by 32 random bytes (docs/secrets.md): {ADVICE}"
            findings.append(fail("secrets", f"{part.name} {part.flaw}", advice))
    findings += [
        fail("secrets", f"{' and '.join(sorted(names))} are the same", "give each a value of its own")
        for names in used.values()
        if len(names) > 1
    ]
    if used and not findings:
        return [ok("secrets", f"{len(used)}, none of them weak, a known default, or used twice")]
    return findings


def _secrets(stack: Stack) -> Iterable[Part]:
    """Return each secret once, under the name of its variable, or of the role whose password it is."""
    found = {
        part: None
        for program in stack.environments
        for name in (*KEYS, *STORE_URLS)
        for part in parts(name, stack.told(program, name))
    }
    return found.keys()
