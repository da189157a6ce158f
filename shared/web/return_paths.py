"""Where to go on after signing in, as a request asks for it: a page of ours, and never anybody else's.

A link to our own sign-in page that ends at a stranger's is what phishers wish for. So only a path counts, and only one
that every browser reads in the same way.
"""

import re

_LONGEST = 2000
# One slash, then neither a second nor a backslash, which browsers take for one; the characters of paths and queries.
_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*")
_DOUBTFUL = re.compile(r"//|/\.{1,2}(?:[/?]|$)|%(?![0-9A-Fa-f]{2})|%(?:0[0-9A-Fa-f]|1[0-9A-Fa-f]|2[eEfF]|5[cC]|7[fF])")


def safe_return_path(asked: str | None, default: str) -> str:
    """Return the path, with its query, that was asked for if it can only lead to a page of ours; else `default`."""
    if not asked or len(asked) > _LONGEST or not _PATH.fullmatch(asked):
        return default
    path = asked.partition("?")[0]
    return default if _DOUBTFUL.search(path) else asked
