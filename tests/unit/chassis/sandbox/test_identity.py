"""User ids of children: a block for each zygote."""

import sys
from contextlib import closing

import pytest

from filemill.chassis.sandbox.identity import UidBlock


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_uid_block_when_two_zygotes_live_then_they_share_no_id() -> None:
    """A shared id would make one child's threads count against another's limit."""
    with closing(UidBlock()) as first, closing(UidBlock()) as second:
        assert first.uids
        assert not set(first.uids) & set(second.uids)
