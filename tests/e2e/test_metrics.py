"""What the running programs tell of themselves, compared with docs/metrics.md."""

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.cardinality.hostile import UNLIMITED
from tests.cardinality.stranger import Stranger, every_series
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor
from tests.metrics_page import PROGRAMS, read_rows


async def told(stack: Stack, program: str) -> list[Metric]:
    async with aiohttp.ClientSession() as session, session.get(f"{stack.private[program]}/metrics") as answer:
        return list(text_string_to_metric_families(await answer.text()))


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_program_tells_just_what_the_page_says(stack: Stack, program: str) -> None:
    rows = {row.name: row for row in read_rows() if row.is_of(program)}
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family for family in await told(stack, program)
    }
    assert {name: family.type for name, family in families.items()} == {name: row.kind for name, row in rows.items()}
    for name, family in families.items():
        for sample in family.samples:
            assert sample.labels.keys() - {"le"} == rows[name].labels, name


async def test_what_strangers_make_up_makes_no_new_series(stack: Stack, visitor: Visitor) -> None:
    """As `make test-cardinality` does with far more, and as somebody who is signed in."""
    await Stranger(stack, visitor, seed=1).send_all(UNLIMITED, 1)
    await every_series(stack)  # a scrape is a request too
    before = await every_series(stack)
    statuses = await Stranger(stack, visitor, seed=2).send_all(UNLIMITED, 15)
    after = await every_series(stack)
    assert set(statuses) <= {400, 401, 404, 405, 501}
    for program, known in before.items():
        assert after[program] - known == frozenset(), program
