"""`python -m tests.storage_drill`: kill -9 under N uploads (N=1000), and nothing acknowledged may be lost.

Half of them are one request each, half are resumed after cuts (tus): no acknowledged offset may be lost either.
Runs a stack of its own, with its files in a real S3 server (STORE=folder: in a folder). SEED= repeats what a run did,
as far as chance goes: sizes, victims and moments.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.e2e.stack import Stack, running_stack, state_folder
from tests.s3_server import S3Server, running_s3_server
from tests.storage_drill.drill import Drill, Failed
from tests.storage_drill.inspection import Inspector
from tests.storage_drill.uploaders import Ledger
from tests.wide_routes import write_wide_routes


def main() -> int:
    wanted = int(os.environ.get("N") or 1000)
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    in_folder = os.environ.get("STORE") == "folder"
    print(
        f"storage drill: {wanted} uploads into {'a folder' if in_folder else 'an S3 server'}, SEED={seed}", flush=True
    )
    began = time.monotonic()
    with _running(in_folder=in_folder) as (stack, store, environ):
        drill = Drill(stack, store, Inspector(stack, environ), Ledger(wanted // 2), random.Random(seed))
        try:
            asyncio.run(drill.run())
        except (Failed, AssertionError) as exc:
            print(f"storage drill: {exc}", file=sys.stderr)
            return 1
        finally:
            _report(drill, time.monotonic() - began)
    return 0


@contextmanager
def _running(*, in_folder: bool) -> Iterator[tuple[Stack, S3Server | None, dict[str, str]]]:
    with ExitStack() as exits:
        state = exits.enter_context(state_folder())
        routes = write_wide_routes(state.parent / "routes.toml")
        environ = {"ROUTES_FILE": str(routes)}
        store = None if in_folder else exits.enter_context(running_s3_server())
        if store is not None:
            environ |= store.environ("files", "drill") | {"FILES_STORAGE_TIMEOUT": "3"}
        yield exits.enter_context(running_stack(state, None, **environ)), store, environ


def _report(drill: Drill, seconds: float) -> None:
    ledger = drill.ledger
    print(f"kills      {sum(drill.kills.values())}: {dict(drill.kills)}")
    print(f"requests   {dict(ledger.outcomes)}")
    print(
        f"files      {len(ledger.files)} acknowledged, {len(ledger.deleted)} deleted, {len(ledger.in_doubt)} in doubt"
    )
    print(f"resumed    {drill.resumed} acknowledged, after {sum(each.cuts for each in drill.resumers)} cuts")
    print(f"time       {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
