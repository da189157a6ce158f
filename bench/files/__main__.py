"""`make bench-files`: uploads, downloads and lists through the whole stack, beside other programs."""

import argparse
import sys
from collections.abc import Callable, Mapping

from bench import report
from bench.files.bodies import chunks, whole
from bench.files.crowd import crowd
from bench.files.listing import listing
from bench.files.ours import Files, files
from bench.files.small import small
from bench.machine import describe
from bench.processes import Failed
from bench.report import Section

_MEASUREMENTS: Mapping[str, Callable[[Files], Section]] = {
    "whole": whole,
    "tus": chunks,
    "small": small,
    "crowd": crowd,
    "listing": listing,
}


def _measure(name: str, ours: Files) -> Section:
    try:
        return _MEASUREMENTS[name](ours)
    except Failed as exc:
        return Section(notes=[f"{name}: {exc}"], broken=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.files", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument("--save", action="store_true", help="renew the README's table too")
    parser.add_argument("--only", choices=_MEASUREMENTS, help="measure this alone, and save nothing")
    options = parser.parse_args(arguments)
    print(describe(), flush=True)
    sections = []
    with files() as ours:
        for name in [options.only] if options.only else _MEASUREMENTS:
            sections.append(_measure(name, ours))
            print(f"\n{report.text(sections[-1])}", flush=True)
    print(f"\n{report.targets_table(sections).text()}", flush=True)
    if not options.only:
        report.save("files", sections, readme=options.save)
    return 1 if options.check and report.missed(sections) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
