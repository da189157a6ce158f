"""What the running programs tell of themselves, compared with docs/metrics.md."""

import io
import secrets

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_fd_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from tests.cardinality.hostile import UNLIMITED
from tests.cardinality.stranger import every_series, strange
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
    async with strange(stack, visitor, seed=1) as stranger:
        await stranger.send_all(UNLIMITED, 1)
    await every_series(stack)  # a scrape is a request too
    before = await every_series(stack)
    async with strange(stack, visitor, seed=2) as stranger:
        statuses = await stranger.send_all(UNLIMITED, 15)
    after = await every_series(stack)
    assert set(statuses) <= {400, 401, 404, 405, 501}
    for program, known in before.items():
        assert after[program] - known == frozenset(), program


async def traces_told(stack: Stack, program: str) -> set[str]:
    """Return the trace ids in the program's OpenMetrics, which the library's parser, a strict one, has to like."""
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}
    url = f"{stack.private[program]}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url, headers=accept) as answer:
        assert answer.content_type == "application/openmetrics-text"
        text = await answer.text()
    families = openmetrics_families(io.StringIO(text))  # type: ignore[no-untyped-call]
    samples = (sample for family in families for sample in family.samples)
    return {sample.exemplar.labels["trace_id"] for sample in samples if sample.exemplar is not None}


async def test_a_slow_bucket_leads_to_the_trace_of_its_last_request(stack: Stack, ada: Visitor) -> None:
    trace = secrets.token_hex(16)
    reply = await ada.call("GET", "/v1/users/me", headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"})
    assert reply.status == 200
    for program in ("gateway", "user_service"):
        assert trace in await traces_told(stack, program)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_openmetrics_is_well_formed(stack: Stack, program: str) -> None:
    assert isinstance(await traces_told(stack, program), set)
