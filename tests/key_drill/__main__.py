"""`python -m tests.key_drill`: change the signing key under load, in order and then in an emergency.

Runs a stack of its own. It fails where a request failed that didn't have to: any, while the key changes in order; when
a key is withdrawn, any but those with its tokens, which are refused once, and their owners go on by refreshing.
"""

import asyncio
import os
from pathlib import Path

import aiohttp

from deploy.local.settings import chosen, read_settings
from deploy.local.stack import Stack as Launched
from deploy.local.state import State
from tests.e2e.stack import Stack, running_stack, state_folder
from tests.key_drill.drill import Drill, Failed
from tests.wide_routes import write_wide_routes

_WITHDRAWN_WITHIN = 20.0  # seconds: the command starts, ten until the new key signs, and the news of it
_KEYS = 3  # the first, the one that followed in order, and the emergency's


def main() -> int:
    with state_folder() as state:
        routes = write_wide_routes(state.parent / "routes.toml")
        with running_stack(state, ROUTES_FILE=str(routes)) as stack:
            try:
                return asyncio.run(_drill(stack, state))
            except Failed as exc:
                print(f"key drill: {exc}")
                return 1


async def _drill(stack: Stack, folder: Path) -> int:
    async with aiohttp.ClientSession(stack.url, timeout=aiohttp.ClientTimeout(total=20)) as session:
        drill = Drill(session, _environment(folder))
        await drill.run()
    return _report(drill)


def _environment(folder: Path) -> dict[str, str]:
    """Return what auth_service was told."""
    state = State(folder)
    settings = read_settings({**os.environ, "STATE_DIR": str(folder), **(chosen(state) or {})})
    return Launched(settings, state, print).environment("auth_service")


def _report(drill: Drill) -> int:
    """Print what happened; return 1 where something failed."""
    ledger = drill.ledger
    kinds = ", ".join(f"{count} {name}" for name, count in ledger.requests.items())
    lines = [
        f"requests   {sum(ledger.requests.values())}: {kinds}",
        *(f"key        {kid}: {made} tokens, {ledger.uses[kid]} requests" for kid, made in ledger.tokens.items()),
        f"withdrawn  refused after {drill.seconds:.1f} s; {sum(ledger.refused.values())} requests came with its tokens",
        f"failures   {len(ledger.failures)}",
        *(f"           {failure}" for failure in ledger.failures[:10]),
    ]
    print("\n".join(lines))
    drilled = len(ledger.tokens) == _KEYS and drill.seconds < _WITHDRAWN_WITHIN
    return 0 if drilled and not ledger.failures else 1


if __name__ == "__main__":
    raise SystemExit(main())
