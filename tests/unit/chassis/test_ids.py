"""Ids and the time in them."""

from datetime import UTC, datetime, timedelta

from filemill.chassis.ids import made_at, new_id
from filemill.metadata.keys import doc_id_of


def test_made_at_when_ids_are_made_then_it_is_that_millisecond_and_in_their_order() -> None:
    """Lists by id and lists by time are the same lists."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    ids = [new_id() for _ in range(2000)]
    times = [made_at(one) for one in ids]
    assert before <= times[0] <= times[-1] <= datetime.now(UTC)
    assert times == sorted(times)
    assert [made_at(one) for one in sorted(ids, key=doc_id_of)] == times


def test_made_at_when_the_id_is_that_of_the_standard_then_it_is_its_time() -> None:
    """RFC 9562, appendix A.6: 2022-02-22 19:22:22 UTC."""
    assert made_at("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
