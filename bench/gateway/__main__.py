"""`make bench-gateway`: the gateway beside its peers. `python -m bench.gateway --quick` while developing."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from bench import report
from bench.gateway import bulk, idle, latency, ours, throughput, workers
from bench.gateway.install import install
from bench.gateway.setting import Setting
from bench.gateway.tokens import Tokens
from bench.machine import describe
from bench.processes import Failed, Missing, find_own, keep_off_the_measured_core
from bench.report import Section
from tests.stores import running_stores

_SECTIONS: Mapping[str, Callable[[Setting], Section]] = {
    "latency": latency.added,
    "bodies": bulk.bodies,
    "slow": bulk.slow_readers,
    "idle": idle.idle,
    "workers": workers.workers,
}


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    keep_off_the_measured_core()
    install(peers=options.only == "peers" or not (options.quick or options.only))
    print(describe(), flush=True)
    with running_stores() as stores, tempfile.TemporaryDirectory(prefix="colonnade-bench-") as folder:
        Path(folder).chmod(0o755)
        tokens = Tokens()
        with ours.auth_service(tokens) as auth:
            sections = _run(Setting(tokens, Path(folder), stores.valkey, find_own("valkey-server"), auth), options)
    print("\n" + report.targets_table(sections).text(), flush=True)
    if not (options.quick or options.only):
        report.save("gateway", sections, readme=options.save)
    return 1 if options.check and report.missed(sections) else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ours beside a plain aiohttp proxy alone")
    parser.add_argument("--only", choices=("peers", *_SECTIONS), help="one section alone")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument("--save", action="store_true", help="renew the README's table too")
    return parser.parse_args(arguments)


def _run(setting: Setting, options: argparse.Namespace) -> list[Section]:
    peers = partial(throughput.side_by_side, quick=options.quick)
    chosen: dict[str, Callable[[Setting], Section]]
    chosen = {"peers": peers} if options.quick else {"peers": peers, **_SECTIONS}
    sections = []
    for name, measure in chosen.items():
        if options.only in (None, name):
            print(f"\nmeasuring: {name}", file=sys.stderr, flush=True)
            sections.append(_attempt(name, measure, setting))
            print("\n" + report.text(sections[-1]), flush=True)
    return sections


def _attempt(name: str, measure: Callable[[Setting], Section], setting: Setting) -> Section:
    try:
        return measure(setting)
    except (Failed, OSError) as exc:
        return Section(notes=[f"{name}: skipped: {exc}"], broken=not isinstance(exc, Missing))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
