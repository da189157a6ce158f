"""Where a browser goes after it has signed in: a page of ours, whoever wrote the link."""

import re

_LONGEST = 2048  # characters
# Visible ASCII without the backslash, which browsers take for a slash. So no control character: they drop some.
_PATH = re.compile(r"(?:/[!-.0-\[\]-~]*)+")


def safe_return_path(raw: str, default: str) -> str:
    """Return `raw` if it is the path of a page here, perhaps with a query and a fragment; else `default`.

    It is a path below PUBLIC_URL, as services see it: the gateway puts the prefix in front. Nothing in it can name
    another host, not even to a browser that mends what it reads (WHATWG URL, 4.4): it begins with a slash, and no empty
    or dotted segment is in its path, by which a second one could come next to that.
    """
    if len(raw) > _LONGEST or not _PATH.fullmatch(raw):
        return default
    path = re.split("[?#]", raw, maxsplit=1)[0].lower().replace("%2e", ".")
    segments = path.split("/")[1:]
    astray = "" in segments[:-1] or "." in segments or ".." in segments or "%2f" in path or "%5c" in path
    return default if astray else raw
