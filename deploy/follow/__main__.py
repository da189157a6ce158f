"""`python -m deploy.follow ID [FILE|FOLDER|-]...`: one request's way through all programs, by its id or its trace's.

Reads the embedded stack's logs unless told where others are. The status is 1 where nothing is found.
"""

import sys
from itertools import groupby

from deploy.follow.reading import Line, NothingToRead, find, opened
from deploy.follow.timeline import timeline

_EMBEDDED = ".colonnade/logs"
_USAGE = "usage: python -m deploy.follow ID [FILE|FOLDER|-]..."


def main(arguments: list[str]) -> int:
    if not arguments or not arguments[0] or arguments[0].startswith("-"):
        print(_USAGE, file=sys.stderr)
        return 2
    wanted, *places = arguments
    try:
        with opened(places or [_EMBEDDED]) as files:
            found = find(wanted, files)
    except NothingToRead as exc:
        print(exc, file=sys.stderr)
        return 1
    if not found.lines:
        print(f"Nothing about {wanted} in {found.read} lines of {found.files} files.", file=sys.stderr)
        print("It may be older than the logs, or left out by LOG_SAMPLE.", file=sys.stderr)
        return 1
    by_trace = groupby(sorted(found.lines, key=_trace), key=_trace)
    print("\n\n".join(timeline(list(lines)) for _, lines in by_trace))
    return 0


def _trace(line: Line) -> str:
    return str(line.get("trace.id", ""))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
