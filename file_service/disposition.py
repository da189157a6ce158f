"""Content-Disposition, read from form parts (RFC 7578) and written for downloads (RFC 6266, RFC 8187)."""

import re
from urllib.parse import quote, unquote_to_bytes

_ATTR_CHAR = "!#$&+-.^_`|~"  # beside letters and digits, what RFC 8187 leaves unescaped
_PLAIN = re.compile(r"""[A-Za-z0-9 !#$&'()+,\-.;=@\[\]^_`{}~]*""")
_UNSAFE = re.compile(r"""[^A-Za-z0-9 !#$&'()+,\-.;=@\[\]^_`{}~]""")
_PARAMETER = re.compile(
    r""";[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))[ \t]*""", re.DOTALL
)


def attachment(name: str) -> str:
    """Return the header's value for saving under `name`."""
    return _disposition("attachment", name)


def inline(name: str) -> str:
    """Return the header's value for showing it; `name` is for whoever saves it then."""
    return _disposition("inline", name)


def _disposition(kind: str, name: str) -> str:
    """Give an ASCII form of the name, and the real one where they differ."""
    plain = _UNSAFE.sub("_", name)
    if _PLAIN.fullmatch(name):
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"


def parameters(header: str) -> dict[str, str] | None:
    """Return the parameters of a form part's header, names in lower case, or None when it is malformed.

    Browsers write a quote as %22 and leave a backslash alone; others escape by backslash: only an escaped quote or
    backslash is taken for an escape. `filename*` comes decoded, under its own name.
    """
    kind, semicolon, rest = header.partition(";")
    if kind.strip().lower() != "form-data":
        return None
    found: dict[str, str] = {}
    rest = semicolon + rest.rstrip(" \t;")
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1].lower() in found:
            return None
        key = match[1].lower()
        found[key] = _decoded(key, match)
        position = match.end()
    return found


def _decoded(key: str, match: re.Match[str]) -> str:
    if match[2] is None:
        token = match[3].strip()
        return _extended(token) if key.endswith("*") else token
    text = re.sub(r'\\(["\\])', r"\1", match[2])
    return re.sub("%(22|0D|0A)", lambda escape: chr(int(escape[1], 16)), text, flags=re.IGNORECASE)


def _extended(value: str) -> str:
    """Decode `charset'language'percent-encoded`; a charset other than UTF-8 is read as Latin-1 (RFC 8187, 3.2.1)."""
    charset, _, text = value.partition("'")
    raw = unquote_to_bytes(text.partition("'")[2])
    return raw.decode("utf-8" if charset.lower() == "utf-8" else "latin-1", errors="replace")
