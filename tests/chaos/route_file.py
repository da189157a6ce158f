"""The product's routes with limits out of the way, but for two pages of the gateway's own with a small one each."""

import re
from pathlib import Path

from tests.wide_routes import wide_routes

_OWN = """
[limits.burst]
policy = "{limit} per minute"
key = "address"

[limits.strict_burst]
policy = "{limit} per minute"
key = "address"
strict = true
"""


def chaos_routes(limit: int) -> str:
    text = wide_routes()
    for route, name in (("icon", "burst"), ("docs", "strict_burst")):
        text = re.sub(rf'(name = "{route}"\n(?:.+\n)*?limit = )"page"', rf'\1"{name}"', text)
    return text.replace("# The gateway's own pages", _OWN.format(limit=limit) + "\n# The gateway's own pages", 1)


def write_routes(path: Path, limit: int) -> Path:
    path.write_text(chaos_routes(limit), encoding="utf-8")
    return path
