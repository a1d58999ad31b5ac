from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from random import Random  # noqa: TC003  (hypothesis reads annotations)
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.labels import Emotion, Topic
from detectors.mood import Mood, MoodLevel
from detectors.reading import Modality, Reading
from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine, Turn, TurnKind
from playbooks.alert import AlertLevel
from playbooks.conditions.absence_pattern import ClockTick
from playbooks.engine.engine import advance
from playbooks.engine.rulebook import Rulebook
from playbooks.engine.state import INITIAL_CALL_STATE, CallState
from playbooks.events import CallerIdentified, CallStarted, EarlierCall, Event, event_id, event_time
from playbooks.files.loader import load_library
from playbooks.playbook import ProtocolStep, Rung
from playbooks.sensitivity import SensitivityKind
from tests.playbooks.timeline import CALL, fired_at, line, mood, playbook, replayed

if TYPE_CHECKING:
    from playbooks.events import EventKind
    from playbooks.playbook import Playbook

LIBRARY = load_library()
EVERYTHING = playbook(
    "{any: [{said: {en: [hello there], within: 40s}},"
    " {count: {at_least: 2, within: 30s, of: {topic: abuse}}},"
    " {all: [{mood: {level: tense, for: 5s}}, {not: {said: {en: [thank you], within: 15s}}}]},"
    " {sequence: {within: 60s, of: [{said: {en: [one]}}, {talk_over: 1s}, {silence: 3s}]}}]}",
    extra="cooldown: 7s\nat_most: 9\n",
)
LANGUAGE = replace(
    playbook(
        "{any: [{all: [{said: {en: [hello there]}}, {not: {mood: {level: tense, for: 2s}}}]},"
        " {all: [{said: {by: agent, en: [thank you]}}, {phase: [body, closing]}]},"
        " {all: [{missing: {within: 5s, of: {said: {by: agent, en: [one]}}}}, {not: {count:"
        " {at_least: 2, within: 9s, of: {any: [{topic: abuse}, {said: {en: [one]}}]}}}}]},"
        " {missing: {within: 4s, after: {silence: 3s}, of: {said: {by: agent, en: [one]}}}},"
        " {count: {at_least: 3, within: 20s, of: {all: [{said: {en: [one], within: 3s}},"
        " {mood: {level: upset, until_level: calm}}]}}},"
        " {all: [{repeat_caller: {calls: 2, within: 7d, kind: abuse}}, {not: {phase: closing}}]},"
        " {all: [{sequence: {within: 9s, of: [{said: {en: [one]}}, {topic: abuse}]}},"
        " {said: {by: agent, exact: {en: [thank you]}, pattern: ['on[e]']}}]}]}",
        extra="cooldown: 1s\nat_most: 50\n",
    ),
    playbook_id="language",
)
RULES = {rule.playbook_id: rule for rule in (EVERYTHING, LANGUAGE, *LIBRARY)}

WORDS = st.sampled_from(
    ["hello there", "thank you", "one", "아 씨발", "금감원에 신고", "말이 됩니까", "goodbye"]
)
SPANS = st.builds(
    lambda end, length: TimeSpan(max(0, end - length), end),
    st.integers(0, 200).map(lambda t: t * 997),
    st.sampled_from([400, 1500, 4000, 25_000]),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(CallStarted, st.just(CALL), st.just("cards"), st.sampled_from(Language)),
    st.builds(
        CallerIdentified,
        st.just(CALL),
        st.lists(
            st.builds(
                EarlierCall,
                st.sampled_from([60_000, 3_600_000, 86_400_000]),
                st.frozensets(st.sampled_from(SensitivityKind), max_size=2),
            ),
            max_size=4,
        ).map(tuple),
    ),
    st.builds(
        TranscriptLine, st.just(CALL), st.sampled_from(Speaker), SPANS, WORDS, final=st.booleans()
    ),
    st.builds(
        Turn, st.just(CALL), st.sampled_from(TurnKind), SPANS, st.sampled_from([None, *Speaker])
    ),
    st.builds(
        Mood,
        st.just(CALL),
        st.integers(0, 200_000),
        st.just({Emotion.ANGER: 1.0}),
        st.floats(0, 1),
        st.sampled_from(MoodLevel),
        number=st.integers(0, 10**6),
    ),
    st.builds(
        Reading,
        st.just(CALL),
        SPANS,
        st.sampled_from(Modality),
        st.just("d"),
        st.just("1"),
        st.just({Emotion.ANGER: 0.9}),
        st.floats(0, 1),
        st.booleans(),
        topics=st.lists(st.sampled_from(Topic), max_size=2).map(tuple),
    ),
)
CALLS = st.lists(EVENTS, max_size=40, unique_by=event_id)
IN_ORDER = CALLS.map(lambda events: sorted(events, key=event_time))


@given(CALLS, st.sampled_from(sorted(RULES)))
def test_never_two_alerts_inside_a_cooldown_whatever_the_order(
    events: list[Event], name: str
) -> None:
    rule = RULES[name]
    times = [alert.at_ms for alert in replayed(rule, events)[1]]
    assert all(later - earlier >= rule.cooldown_ms for earlier, later in pairwise(times))
    assert len(times) <= rule.at_most


def _one_mood(event: Event) -> object:
    return "mood" if isinstance(event, Mood) else event_id(event)


MOMENTS = st.lists(
    st.lists(EVENTS, max_size=5, unique_by=(event_id, _one_mood)),
    max_size=12,
)
"""Seconds of a call, and what happens in the very same millisecond of each."""


def _is_told_at(event: Event, at_ms: int) -> bool:
    """The call's start comes before everything else, and who calls is known at once."""
    return not isinstance(event, CallStarted | CallerIdentified) or (
        isinstance(event, CallerIdentified) and at_ms == 0
    )


def _at(event: Event, at_ms: int) -> Event:
    """The same event, complete at another time."""
    match event:
        case CallStarted() | CallerIdentified():
            return event
        case Mood():
            return replace(event, at_ms=at_ms, number=at_ms)
        case _:
            span = TimeSpan(max(0, at_ms - event.span.duration_ms), at_ms)
            return replace(event, span=span)


@given(
    MOMENTS,
    st.lists(st.sampled_from([1, 400, 2_000, 9_000]), min_size=12, max_size=12),
    st.sampled_from(sorted(RULES)),
    st.randoms(use_true_random=False),
)
@settings(max_examples=300)
def test_the_order_of_events_within_one_millisecond_does_not_matter(
    moments: list[list[Event]], gaps: list[int], name: str, random: Random
) -> None:
    at_ms, told, shuffled = 0, [], []
    for moment, gap in zip(moments, gaps, strict=False):
        together = [_at(e, at_ms) for e in moment if _is_told_at(e, at_ms)]
        told += together
        shuffled += random.sample(together, len(together))
        at_ms += gap
    ids = [alert.alert_id for alert in replayed(RULES[name], told)[1]]
    assert [alert.alert_id for alert in replayed(RULES[name], shuffled)[1]] == ids


class LookingAtEverything(Rulebook):
    """A rulebook without an index: every playbook looks at every event of its kinds."""

    def concerned(self, event: Event, kind: EventKind, **_: object) -> list[Playbook]:
        del event
        return [playbook for playbook in self if kind in playbook.leaves_by_kind]


WITHOUT_A_CLOCK = sorted(
    name
    for name, rule in RULES.items()
    if not any(isinstance(leaf, ClockTick) for leaf in rule.when.leaves)
)
"""Without ``missing``, which by intention is first looked at by a line or a turn."""


@given(IN_ORDER, st.sampled_from(WITHOUT_A_CLOCK))
@settings(max_examples=300)
def test_the_index_hides_no_alert(events: list[Event], name: str) -> None:
    told = [alert.alert_id for alert in replayed(RULES[name], events)[1]]
    state, naive = INITIAL_CALL_STATE, []
    for event in events:
        book = LookingAtEverything((RULES[name],))
        state, alerts = advance(book, state, event, now=event_time(event))
        naive += [alert.alert_id for alert in alerts]
    assert told == naive


@given(CALLS)
def test_a_replay_gives_the_same_alerts(events: list[Event]) -> None:
    first, second = (_through_library(events) for _ in range(2))
    assert first == second


@given(CALLS, st.sampled_from(sorted(RULES)))
def test_a_state_survives_being_written_down_between_any_two_events(
    events: list[Event], name: str
) -> None:
    rule = Rulebook((RULES[name],))
    state = written = INITIAL_CALL_STATE
    for event in events:
        state, alerts = advance(rule, state, event, now=event_time(event))
        read = CallState.from_json(json.loads(json.dumps(written.to_json())))
        written, again = advance(rule, read, event, now=event_time(event))
        assert (written, again) == (state, alerts)


@given(IN_ORDER, st.sampled_from(sorted(RULES)), st.data())
@settings(max_examples=200)
def test_an_event_told_again_changes_nothing(
    events: list[Event], name: str, data: st.DataObject
) -> None:
    rule = RULES[name]
    state, _ = replayed(rule, events)
    for event in data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []:
        again, alerts = advance(Rulebook((rule,)), state, event, now=event_time(event))
        assert alerts == ()
        assert again == state


@given(IN_ORDER, st.sampled_from(sorted(RULES)), st.integers(0, 40))
@settings(max_examples=200)
def test_rereading_the_end_of_a_call_fires_nothing_twice(
    events: list[Event], name: str, back: int
) -> None:
    rule = RULES[name]
    once = {alert.alert_id for alert in replayed(rule, events)[1]}
    told_again = [*events, *events[-back:]]
    twice = [alert.alert_id for alert in replayed(rule, told_again)[1]]
    assert sorted(twice) == sorted(once)


def test_a_ladder_climbs_one_rung_an_alert_and_stays_on_the_last() -> None:
    texts = {Language.KOREAN: "가", Language.ENGLISH: "a"}
    steps = (ProtocolStep(text=texts),)
    rungs = (
        Rung(level=AlertLevel.NOTICE, title=texts, steps=steps),
        Rung(level=AlertLevel.CRITICAL, title=texts, steps=steps),
    )
    rule = replace(playbook("{said: {en: [hello there]}}"), rungs=rungs, at_most=3)
    lines = [line(t, "hello there") for t in (10, 20, 30, 40)]
    alerts = replayed(rule, lines)[1]
    assert [(a.step, a.level) for a in alerts] == [(1, "notice"), (2, "critical"), (3, "critical")]


def test_what_became_true_inside_the_cooldown_is_told_after_it_if_it_still_holds() -> None:
    rule = playbook("{mood: {level: upset}}", extra="cooldown: 30s\nat_most: 5\n")
    levels = [(10, MoodLevel.UPSET), (15, MoodLevel.CALM), (20, MoodLevel.UPSET)]
    moods = [mood(t, level) for t, level in levels]
    assert fired_at(rule, *moods, mood(41, MoodLevel.UPSET)) == [10, 41]
    assert fired_at(rule, *moods, mood(41, MoodLevel.CALM)) == [10]


def test_an_alert_knows_its_calls_language_whatever_the_line_is_taken_for() -> None:
    rule = playbook("{said: {en: [hello there]}}")
    heard = line(10, "hello there", language=Language.ENGLISH)
    started = CallStarted(CALL, "cards", Language.KOREAN)
    assert replayed(rule, [started, heard])[1][0].language is Language.KOREAN
    assert replayed(rule, [heard])[1][0].language is Language.ENGLISH


def test_a_lasting_mood_is_told_once() -> None:
    rule = playbook("{mood: {level: upset}}")
    assert fired_at(rule, *(mood(t, MoodLevel.UPSET) for t in range(10, 200, 10))) == [10]


def test_an_event_from_long_ago_sets_nothing_off() -> None:
    rule = playbook("{said: {en: [hello there]}}")
    now, late = line(200, "hello there"), line(100, "hello there")
    assert fired_at(rule, now, late) == [200]


def test_a_late_line_is_heard_by_a_rule_that_time_alone_can_change() -> None:
    rule = playbook("[{phase: closing}, {said: {en: [hello there], within: 10m}}]")
    goodbye = line(352, "goodbye", by=Speaker.AGENT)
    assert fired_at(rule, line(104, "hello there"), line(357, "ok"), goodbye) == [352]


def test_what_is_told_again_does_not_say_that_something_is_missing() -> None:
    rule = playbook(
        "{missing: {within: 3s, after: {silence: 1s}, of: {said: {by: agent, en: [thank you]}}}}"
    )
    quiet = Turn(CALL, TurnKind.SILENCE, TimeSpan(18_000, 20_000))
    assert fired_at(rule, quiet, mood(27, MoodLevel.CALM), quiet) == []
    assert fired_at(rule, quiet, line(28, "hello"), quiet) == [28]


def test_a_late_event_does_not_make_a_mood_new_again() -> None:
    rule = playbook(
        "{any: [{mood: {level: upset}}, {all: [{said: {en: [hello there]}}, {queue: gone}]}]}"
    )
    told = [mood(10, MoodLevel.UPSET), mood(345, MoodLevel.CALM)]
    assert fired_at(rule, *told, line(360, "hello there"), line(344, "hello there")) == [10]


def test_a_new_version_forgets_what_it_watched_but_not_what_was_fired() -> None:
    rule = playbook("{said: {en: [hello there]}}")
    state, _ = replayed(rule, [line(10, "hello there")])
    changed = Rulebook((replace(rule, version=2),))
    _, alerts = advance(changed, state, line(15, "hello there again"), now=15_000)
    assert alerts == ()
    _, alerts = advance(changed, state, line(20, "hello there again"), now=20_000)
    assert [alert.step for alert in alerts] == [2]


def test_a_weightier_page_keeps_the_lighter_one_quiet_until_its_cooldown_is_over() -> None:
    light = replace(playbook("{said: {en: [hello there]}}"), playbook_id="light")
    heavy = replace(
        playbook("{said: {en: [oh hello there]}}", extra="cooldown: 20s\n"),
        playbook_id="heavy",
        supersedes=frozenset({"light"}),
    )
    texts = {10: "oh hello there", 20: "hello there", 31: "hello there"}
    state, both = INITIAL_CALL_STATE, Rulebook((light, heavy))
    seen = []
    for at, text in texts.items():
        state, alerts = advance(both, state, line(at, f"{text}, {at}"), now=at * 1000)
        seen += [(at, alert.playbook_id, alert.step) for alert in alerts]
    assert seen == [(10, "heavy", 1), (31, "light", 1)]


def test_the_most_severe_alert_comes_first() -> None:
    event = TranscriptLine(
        CALL, Speaker.CUSTOMER, TimeSpan(0, 9000), "해지할게요. 죽이러 갈 거니까 금감원에 말해"
    )
    _, alerts = advance(LIBRARY, INITIAL_CALL_STATE, event, now=9000)
    assert [alert.playbook_id for alert in alerts] == [
        "threat-of-violence",
        "regulator-complaint",
        "wish-to-cancel",
    ]


def test_a_quiet_event_leaves_no_state_behind() -> None:
    state, alerts = advance(LIBRARY, INITIAL_CALL_STATE, line(5, "good morning"), now=5000)
    assert (state.states, alerts) == ({}, ())


def _through_library(events: list[Event]) -> list[object]:
    state = INITIAL_CALL_STATE
    alerts: list[object] = []
    for event in events:
        state, fired = advance(LIBRARY, state, event, now=event_time(event))
        alerts += fired
    return alerts
