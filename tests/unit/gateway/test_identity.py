"""The trace context is continued as W3C says, or begun anew."""

from __future__ import annotations

import re

import pytest

from filemill.gateway.heads import Head
from filemill.gateway.identity import identify

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def head(**headers: str) -> Head:
    made = Head()
    for name, value in headers.items():
        made.on_header(name.encode(), value.encode())
    return made


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        (f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01"),
        (f"00-{TRACE}-{SPAN}-00", f"00-{TRACE}-{SPAN}-00"),
        (f"cc-{TRACE}-{SPAN}-ff-what-the-future-will-be", f"00-{TRACE}-{SPAN}-01"),
        (f"cc-{TRACE}-{SPAN}-02", f"00-{TRACE}-{SPAN}-00"),
    ],
)
def test_trace_when_it_is_valid_then_it_is_continued(sent: str, passed_on: str) -> None:
    """A valid parent goes on; a future version is written down to ours."""
    identity = identify(head(traceparent=sent), 1.0)
    assert identity.traceparent == passed_on
    assert identity.continues_trace
    assert identity.trace_id == TRACE


@pytest.mark.parametrize(
    "sent",
    [
        f"00-{TRACE}-{SPAN}-01-extra",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01.extra",
        "",
    ],
)
def test_trace_when_it_is_not_valid_then_a_new_one_begins(sent: str) -> None:
    """A broken parent is replaced, and its tracestate is not trusted either."""
    identity = identify(head(traceparent=sent), 1.0)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", identity.traceparent)
    assert identity.trace_id != TRACE
    assert not identity.continues_trace


def test_trace_when_the_edge_has_spans_then_its_own_goes_on_below_the_clients() -> None:
    """The trace and its flags are the client's; the client is remembered as the parent."""
    sent = f"00-{TRACE}-{SPAN}-00"
    identity = identify(head(traceparent=sent), 1.0, own_span=True)
    assert identity.parent == sent
    assert identity.trace_id == TRACE
    assert identity.traceparent[36:52] != SPAN
    assert identity.traceparent.endswith("-00")
    assert identify(head(), 1.0, own_span=True).parent is None


def test_trace_when_two_are_sent_then_a_new_one_begins() -> None:
    """Two parents are none."""
    made = head(traceparent=f"00-{TRACE}-{SPAN}-01")
    made.on_header(b"traceparent", f"00-{TRACE}-{SPAN}-01".encode())
    assert not identify(made, 1.0).continues_trace


@pytest.mark.parametrize(("ratio", "low", "high"), [(0.0, 0, 0), (0.25, 350, 650), (1.0, 2000, 2000)])
def test_trace_when_new_then_the_ratio_decides_how_many_are_sampled(ratio: float, low: int, high: int) -> None:
    """The flag follows the configured share."""
    sampled = sum(identify(Head(), ratio).traceparent.endswith("-01") for _ in range(2000))
    assert low <= sampled <= high
