"""Every transaction and every publish can be killed by name, and the crash harness knows every name."""

from collections import Counter

from support import crash_names, crash_sites


def test_write_when_on_a_database_then_has_a_literal_point_of_its_own() -> None:
    """Each `database.write` names its place, and no two places share a name."""
    sites = crash_sites.write_sites()
    assert len(sites) > 25, "the search for transactions finds too few; has the port been renamed?"
    nameless = [site.place for site in sites if site.point is None]
    assert not nameless, f"without a literal crash point: {nameless}"
    shared = [point for point, count in Counter(site.point for site in sites).items() if count > 1]
    assert not shared, f"used at several places: {[site for site in sites if site.point in shared]}"


def test_crash_point_when_explicit_then_has_a_literal_name_of_its_own() -> None:
    """Each `crash_point` call names one place."""
    sites = crash_sites.explicit_points()
    assert all(site.point for site in sites), sites
    shared = [point for point, count in Counter(site.point for site in sites).items() if count > 1]
    assert not shared, shared


def test_publish_when_anywhere_then_stands_between_its_crash_points() -> None:
    """Only the relay publishes, and it can be killed right before and right after."""
    assert crash_sites.publish_sites(), "the search finds no publish; has the port been renamed?"
    for place, around in crash_sites.publish_sites():
        assert place.startswith("chassis/messaging/relay.py"), f"{place}: only the relay publishes"
        assert around == crash_sites.PUBLISH_POINTS, f"{place} stands between {around}"


def test_transaction_when_begun_by_hand_then_has_a_crash_point() -> None:
    """What does not go through `database.write` can be killed inside all the same."""
    begun = crash_sites.hand_made_transactions()
    assert begun
    assert not [place for place, has_point in begun if not has_point]


def test_harness_when_a_crash_point_exists_then_knows_it() -> None:
    """The harness's list and the source name the same points."""
    assert crash_sites.every_point() == crash_names.ALL
