import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.tracing import Trace, continue_trace, new_span_id, own_span_of, request_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize("received", ["a" * 8, "a" * 64, "A1_.-b7ad6b71", "0af7651916cd43dd8448eb211c80319c"])
def test_well_formed_request_id_is_kept(received: str) -> None:
    assert request_id(received) == received


@pytest.mark.parametrize(
    "received",
    [
        None, "", "short", "a" * 65, "-leading-dash", "with space 1", "line\nfeed12", "trailing1\n", 'quote"quote',
        "ümlaut123",
    ],
)  # fmt: skip
def test_any_other_request_id_is_replaced(received: str | None) -> None:
    made = request_id(received)
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert made != request_id(received)


@given(st.text())
def test_request_id_is_always_harmless(received: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.\-]{7,63}", request_id(received))


def test_trace_goes_on_with_a_span_of_its_own() -> None:
    trace = continue_trace(f"00-{TRACE}-{SPAN}-01")
    assert trace.trace_id == TRACE
    assert trace.span_id != SPAN
    assert re.fullmatch(r"[0-9a-f]{16}", trace.span_id)


def test_callers_sampled_flag_is_not_passed_on() -> None:
    trace = continue_trace(f"00-{TRACE}-{SPAN}-01")
    assert not trace.sampled
    assert trace.traceparent.endswith("-00")
    assert trace.onward.endswith("-00")


@pytest.mark.parametrize(("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("03", True)])
def test_sampled_flag_counts_between_our_own_programs(flags: str, *, sampled: bool) -> None:
    trace = continue_trace(f"00-{TRACE}-{SPAN}-{flags}", trusting=True)
    assert trace.sampled is sampled
    assert trace.traceparent.endswith("-01" if sampled else "-00")


def test_caller_is_known_as_the_parent() -> None:
    assert continue_trace(f"00-{TRACE}-{SPAN}-00").parent_id == SPAN
    assert continue_trace(None).parent_id == ""


def test_call_onward_is_told_by_a_span_that_leads_back_to_its_hop() -> None:
    for span_id in ("b7ad6b7169203330", "000000000000000a", new_span_id()):
        trace = Trace(TRACE, span_id)
        assert trace.call_id != span_id
        assert own_span_of(trace.call_id) == own_span_of(span_id) == span_id
        assert trace.onward == f"00-{TRACE}-{trace.call_id}-00"


@pytest.mark.parametrize(
    "state", ["a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1, b=2", "1a-_*/@z=!~ x", "a=" + "v" * 510]
)
def test_well_formed_tracestate_is_carried_along(state: str) -> None:
    assert continue_trace(f"00-{TRACE}-{SPAN}-00", state).state == state


@pytest.mark.parametrize(
    "state",
    [None, "", "a", "=1", "A=1", "a=1\r\nX-Identity: me", "a=1,b=\n2", "a=ü", "a=1" + ",b=2" * 32, "a=" + "v" * 511],
)
def test_any_other_tracestate_is_dropped(state: str | None) -> None:
    assert continue_trace(f"00-{TRACE}-{SPAN}-00", state).state == ""


def test_tracestate_without_a_trace_is_dropped() -> None:
    assert continue_trace("nonsense", "a=1").state == ""


@pytest.mark.parametrize(
    "received",
    [
        None, "", "00", f"00-{TRACE}-{SPAN}", f"00-{TRACE}-{SPAN}-0", f"00-{TRACE}-{SPAN}-01-x",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01\n", f" 00-{TRACE}-{SPAN}-01",
    ],
)  # fmt: skip
def test_malformed_trace_starts_a_new_one(received: str | None) -> None:
    first, second = continue_trace(received), continue_trace(received)
    assert TRACE not in (first.trace_id, second.trace_id)
    assert first.trace_id != second.trace_id


@given(st.text() | st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True))
def test_what_the_next_hop_is_told_is_well_formed(received: str) -> None:
    told = continue_trace(received).traceparent
    assert re.fullmatch(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00", told)
    assert continue_trace(told).trace_id == told.split("-")[1]
