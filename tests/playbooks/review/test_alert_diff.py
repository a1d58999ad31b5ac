"""Alerts before and after are paired one to one, and the counts add up."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from playbooks.alert import AlertLevel
from playbooks.review.alert_diff import (
    AlertChange,
    AlertOccurrence,
    AlertPair,
    Tally,
    count_changes,
    pair_alerts,
    sum_tallies,
)

PLAYBOOKS = st.sampled_from(["abuse", "anger"])
ALERTS = st.lists(
    st.builds(
        AlertOccurrence,
        playbook_id=PLAYBOOKS,
        at_ms=st.integers(0, 12).map(lambda step: step * 10_000),
        level=st.sampled_from(AlertLevel),
        cause_ids=st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
    ),
    max_size=8,
    unique_by=lambda alert: (alert.playbook_id, alert.at_ms),
)


def _fired(at_s: int, level: AlertLevel = AlertLevel.NOTICE, *causes: str) -> AlertOccurrence:
    return AlertOccurrence(playbook_id="anger", at_ms=at_s * 1000, level=level, cause_ids=causes)


def _changes(before: list[AlertOccurrence], after: list[AlertOccurrence]) -> list[AlertChange]:
    return [pair.change for pair in pair_alerts(before, after)]


@given(before=ALERTS, after=ALERTS)
def test_every_alert_of_either_side_is_counted_exactly_once(
    before: list[AlertOccurrence], after: list[AlertOccurrence]
) -> None:
    counts = count_changes(pair_alerts(before, after))
    for name in ("abuse", "anger"):
        one = counts.get(name, Tally())
        assert one.before == sum(alert.playbook_id == name for alert in before)
        assert one.after == sum(alert.playbook_id == name for alert in after)
    assert sum_tallies(counts.values()).before == len(before)


@given(before=ALERTS, after=ALERTS)
def test_a_pair_is_of_one_playbook_and_no_alert_is_in_two_pairs(
    before: list[AlertOccurrence], after: list[AlertOccurrence]
) -> None:
    pairs = pair_alerts(before, after)
    assert Counter(p.before for p in pairs if p.before) == Counter(before)
    assert Counter(p.after for p in pairs if p.after) == Counter(after)
    assert all(p.before.playbook_id == p.after.playbook_id for p in pairs if p.before and p.after)


@given(alerts=ALERTS)
def test_rules_compared_with_themselves_change_nothing(alerts: list[AlertOccurrence]) -> None:
    assert set(_changes(alerts, alerts)) <= {AlertChange.SAME}


@given(before=ALERTS, after=ALERTS)
def test_turning_the_sides_around_turns_gained_into_lost(
    before: list[AlertOccurrence], after: list[AlertOccurrence]
) -> None:
    there = {(pair.before, pair.after) for pair in pair_alerts(before, after)}
    back = {(pair.after, pair.before) for pair in pair_alerts(after, before)}
    assert there == back


@given(before=ALERTS, after=ALERTS)
def test_the_order_in_which_alerts_are_given_does_not_matter(
    before: list[AlertOccurrence], after: list[AlertOccurrence]
) -> None:
    assert set(pair_alerts(before, after)) == set(pair_alerts(before[::-1], after[::-1]))


def test_an_alert_within_thirty_seconds_has_moved_and_one_further_away_is_another() -> None:
    assert _changes([_fired(10)], [_fired(40)]) == [AlertChange.MOVED]
    assert sorted(_changes([_fired(10)], [_fired(41)])) == [AlertChange.GAINED, AlertChange.LOST]


def test_an_alert_of_the_same_evidence_has_moved_however_far() -> None:
    late = _fired(200, AlertLevel.NOTICE, "line-1")
    assert _changes([_fired(10, AlertLevel.NOTICE, "line-1")], [late]) == [AlertChange.MOVED]


def test_another_level_at_the_same_moment_has_moved() -> None:
    assert _changes([_fired(10)], [_fired(10, AlertLevel.CRITICAL)]) == [AlertChange.MOVED]


def test_other_reasons_at_the_same_moment_change_nothing() -> None:
    one = AlertOccurrence(playbook_id="a", at_ms=1, level=AlertLevel.NOTICE, reasons=("x",))
    other = AlertOccurrence(playbook_id="a", at_ms=1, level=AlertLevel.NOTICE, reasons=("y",))
    assert AlertPair(one, other).change is AlertChange.SAME


def test_an_alert_stays_with_its_own_moment_before_it_is_taken_for_a_moved_one() -> None:
    assert sorted(_changes([_fired(10), _fired(30)], [_fired(30)])) == [
        AlertChange.LOST,
        AlertChange.SAME,
    ]
