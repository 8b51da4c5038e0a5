"""Ids of incoming work: kept when they are well-formed, made anew when they are not."""

import pytest

from filemill.chassis.telemetry import request_context

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_begin_when_both_ids_are_valid_then_they_are_kept() -> None:
    """A caller's ids go through every hop."""
    context = request_context.begin("client-42.a_b", TRACE)
    assert context.request_id == "client-42.a_b"
    assert context.traceparent == TRACE
    assert context.trace_id == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("bad", [None, "", "a" * 65, "with space", "a\nb", "ok\n", "<script>", "ü"])
def test_begin_when_the_request_id_is_not_ours_to_repeat_then_a_new_one_is_made(bad: str | None) -> None:
    """A header that could break a log line or another header never gets further."""
    assert request_context.begin(bad).request_id not in (bad, "")


@pytest.mark.parametrize(
    "bad",
    [
        None, "", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        TRACE.upper(), TRACE + "\n", TRACE[:-1], "ff" + TRACE[2:], TRACE + "-extra",
    ],
)  # fmt: skip
def test_begin_when_the_traceparent_is_not_valid_then_a_new_trace_begins(bad: str | None) -> None:
    """W3C Trace Context: an invalid header is ignored, all-zero ids are invalid."""
    made = request_context.begin("r", bad)
    assert made.traceparent != bad
    assert made.trace_id != "0" * 32
    assert request_context.begin("r", made.traceparent).traceparent == made.traceparent


def test_within_when_the_block_ends_then_the_context_before_is_back() -> None:
    """One consumer handles many requests' events after each other without mixing them."""
    outer, inner = request_context.begin("outer"), request_context.begin("inner")
    with request_context.within(outer):
        with request_context.within(inner):
            assert request_context.current() is inner
        assert request_context.current() is outer
    assert request_context.current() is None


def test_begin_when_nobody_exports_the_parent_then_the_first_span_here_takes_its_ids() -> None:
    """A trace that begins here, or at an edge that says it is silent; not one that a client has."""
    assert request_context.begin("r").begun_here
    assert request_context.begin("r", TRACE, request_context.SILENT_EDGE).begun_here
    assert not request_context.begin("r", TRACE).begun_here
    assert not request_context.begin("r", TRACE, "vendor=1").begun_here
    assert request_context.begin("r", TRACE).is_sampled
    assert not request_context.begin("r", TRACE[:-1] + "0").is_sampled
