"""`python -m tests.secret_drill`: change every secret of an installation of two replicas each, under load.

It fails where a request failed, and where an old secret that it shows is still good in the end, or more ended with it
than is stated.
ONLY=Valkey changes those alone whose name has that in it.
"""

import asyncio
import os
import sys
import time
from collections.abc import Mapping

from deploy.local.state import State, write_atomically
from tests.e2e.stack import state_folder
from tests.secret_drill.changes import CHANGES, Change
from tests.secret_drill.installation import Installation, serving
from tests.secret_drill.load import Load, under_load
from tests.stores import PASSWORD, stores_in
from tests.wide_routes import write_wide_routes


def main() -> int:
    with state_folder() as folder:
        state = State(folder)
        state.create()
        for name in ("postgres", "valkey"):  # as the stores have it
            write_atomically(state.secrets / name, PASSWORD.encode())
        routes = write_wide_routes(folder.parent / "routes.toml")
        with stores_in(folder) as stores:
            try:
                return asyncio.run(_drill(Installation(folder, stores, routes)))
            except ExceptionGroup as failed:
                print(f"secret drill: {'; '.join(map(repr, failed.exceptions))}", file=sys.stderr)
                return 1


async def _drill(installation: Installation) -> int:
    chosen = {name: change for name, change in CHANGES.items() if os.environ.get("ONLY", "") in name}
    if not chosen:
        print(f"secret drill: ONLY names none of {', '.join(CHANGES)}", file=sys.stderr)
        return 2
    async with serving(installation):
        async with under_load(installation) as load:
            await _change_all(installation, load, chosen)
        return _report(installation, load)


async def _change_all(installation: Installation, load: Load, chosen: Mapping[str, Change]) -> None:
    for name, change in chosen.items():
        began, failed = time.monotonic(), len(load.ledger.failures)
        said = await change(installation, load)
        failures = len(load.ledger.failures) - failed
        print(f"{name:<26} {time.monotonic() - began:5.1f} s  {failures} failed  {said}", flush=True)


def _report(installation: Installation, load: Load) -> int:
    requests = load.ledger.requests
    kinds = ", ".join(f"{count} {name}" for name, count in requests.items())
    print(f"restarts   {installation.restarts}")
    print(f"requests   {sum(requests.values())}: {kinds}")
    print(f"failures   {len(load.ledger.failures)}")
    for failure in load.ledger.failures[:10]:
        print(f"           {failure}")
    return 1 if load.ledger.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
