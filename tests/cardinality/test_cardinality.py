"""However much strangers make up, no program's metrics get more series for it."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.cardinality.hostile import KINDS, Fantasy
from tests.cardinality.stranger import every_series, series, strange
from tests.e2e.stack import PROGRAMS, Stack, running_stack, state_folder
from tests.e2e.visitor import Visitor
from tests.waiting import eventually
from tests.wide_routes import write_wide_routes

WARM, HOSTILE = 5, 150  # requests of each kind
MOST_SERIES = 3_000  # of one program: docs/metrics.md tells it


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Without limits worth the name, so that all that is made up gets as far as it can."""
    routes = write_wide_routes(tmp_path_factory.mktemp("routes") / "routes.toml")
    with state_folder() as state, running_stack(state, ROUTES_FILE=str(routes)) as running:
        yield running


async def test_thousands_of_made_up_requests_make_no_new_series(stack: Stack) -> None:
    """Paths, methods, hosts, addresses, users, ids, names, types, tokens, error kinds."""
    async with Visitor.at(stack.url) as visitor:
        assert (await visitor.register("ada@example.org")).status == 201
        async with strange(stack, visitor, seed=1) as stranger:
            await stranger.send_all(KINDS, WARM)
        await eventually(partial(_has_mailed, stack))  # what registering asked for; a scrape is a request too
        warm = await every_series(stack)
        async with strange(stack, visitor, seed=2) as stranger:
            statuses = await stranger.send_all(KINDS, HOSTILE)
    assert len(statuses) == HOSTILE * len(KINDS) > 5_000
    assert {status for status in statuses if status >= 500} <= {501}  # a method that nobody knows
    after = await every_series(stack)
    for program in PROGRAMS:
        assert after[program] - warm[program] == frozenset()
        assert len(warm[program]) < MOST_SERIES, program
        print(f"{program}: {len(warm[program])} series")  # noqa: T201  whoever runs this wants to know


async def _has_mailed(stack: Stack) -> bool:
    """Whether the first mail has gone out."""
    await every_series(stack)
    return ("job_duration_seconds_count", (("kind", "mail"),)) in await series(stack, "auth_service")


def test_each_request_that_is_made_up_is_another() -> None:
    fantasy = Fantasy(3)
    made = {fantasy.fill(f"{kind.method} {kind.path} {kind.headers} {kind.json} {kind.body!r}") for kind in KINDS}
    again = {fantasy.fill(f"{kind.method} {kind.path} {kind.headers} {kind.json} {kind.body!r}") for kind in KINDS}
    assert not made & again
