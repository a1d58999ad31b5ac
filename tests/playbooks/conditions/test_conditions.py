from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from detectors.labels import Topic
from detectors.mood import MoodLevel
from detectors.reading import Modality, TopicMatch
from detectors.utterance import Language, Speaker
from playbooks.events import CallerIdentified, CallStarted, EarlierCall
from playbooks.reason import Reason
from playbooks.sensitivity import SensitivityKind
from tests.playbooks.timeline import (
    CALL,
    fired_at,
    line,
    mood,
    playbook,
    reading,
    replayed,
    silence,
    talk_over,
)

if TYPE_CHECKING:
    from playbooks.playbook import Playbook

SAID = "said: {en: [hello there]}"


def test_words_count_only_from_the_speaker_who_is_named() -> None:
    rule = playbook("{said: {by: agent, en: [hello there]}}")
    assert fired_at(rule, line(5, "hello there")) == []
    assert fired_at(rule, line(5, "hello there", by=Speaker.AGENT)) == [5]


def test_words_of_either_count_where_either_is_asked() -> None:
    rule = playbook("{said: {by: either, en: [hello there]}}", extra="cooldown: 2s\nat_most: 5\n")
    lines = [line(5, "hello there"), line(9, "hello there", by=Speaker.AGENT)]
    assert fired_at(rule, *lines) == [5, 9]
    assert [
        a.reasons[0].word("speaker")
        for a in replayed(rule, [CallStarted(CALL, language=Language.ENGLISH), *lines])[1]
    ] == ["customer", "agent"]


def test_a_partial_line_is_not_yet_said() -> None:
    rule = playbook(f"{{{SAID}}}")
    assert fired_at(rule, line(5, "hello there", final=False)) == []
    assert fired_at(rule, line(5, "hello there", final=False), line(5, "hello there")) == [5]


def test_a_reading_that_abstained_is_never_acted_on() -> None:
    rule = playbook("{reading: {label: anger, score: 0.6}}")
    assert fired_at(rule, reading(5, abstained=True)) == []
    assert fired_at(rule, reading(5, anger=0.5)) == []
    assert fired_at(rule, reading(5)) == [5]


def test_a_reading_can_be_asked_from_the_voice_alone() -> None:
    rule = playbook("{reading: {label: anger, from: voice}}")
    assert fired_at(rule, reading(5), reading(9, modality=Modality.VOICE)) == [9]


def test_topics_are_facts_about_words_even_where_the_emotion_is_unsure() -> None:
    rule = playbook("{topic: threat}")
    assert fired_at(rule, reading(5, topics=(Topic.THREAT,), abstained=True)) == [5]
    assert fired_at(rule, reading(5, topics=(Topic.ABUSE,))) == []


def topic_words(topic: Topic, words: str, context: str = "") -> TopicMatch:
    return TopicMatch(topic, words, context)


def test_the_reason_of_a_topic_has_its_own_words_alone() -> None:
    both = (Topic.ABUSE, Topic.CANCELLATION)
    matches = (topic_words(Topic.ABUSE, "idiot"), topic_words(Topic.CANCELLATION, "cancel"))
    event = replace(
        reading(5, topics=both), topic_matches=matches, reasons=("idiot", "cancel", "ridiculous")
    )
    for name, words in (("abuse", "idiot"), ("cancellation", "cancel")):
        alerts = replayed(playbook(f"{{topic: {name}}}"), [event])[1]
        assert alerts[0].reasons == (Reason.of("topic", topic=name, words=(words,)),)


def test_a_false_friend_restrains_a_topic_unless_it_is_meant_besides() -> None:
    rule = playbook(
        "{topic: {is: self_harm, but_not: {ko: [자살 예방], en: [suicide prevention]}}}"
    )
    topics = (Topic.SELF_HARM,)
    for context in ("자살 예방 캠페인이요", "자살을 예방하는", "the suicide-prevention week"):
        words = "자살" if "자살" in context else "suicide"
        friend = topic_words(Topic.SELF_HARM, words, context)
        event = replace(reading(5, topics=topics), topic_matches=(friend,))
        assert fired_at(rule, event) == []
        meant = topic_words(Topic.SELF_HARM, "죽고 싶", "그래도 죽고 싶어요")
        assert fired_at(rule, replace(event, topic_matches=(friend, meant))) == [5]
    assert fired_at(rule, reading(5, topics=topics)) == [5], "of whose words nothing is known"


def test_a_mood_must_hold_for_as_long_as_asked() -> None:
    rule = playbook("{mood: {level: tense, for: 20s}}")
    held = [mood(t, MoodLevel.UPSET) for t in (10, 29)]
    assert fired_at(rule, *held) == []
    assert fired_at(rule, *held, mood(30, MoodLevel.TENSE)) == [30]
    assert fired_at(rule, *held, mood(30, MoodLevel.CALM), mood(31, MoodLevel.UPSET)) == []


def test_a_mood_can_be_asked_to_have_eased() -> None:
    rule = playbook(
        "{sequence: {within: 2m, of: [{mood: {level: upset}}, {mood: {at_most: calm}}]}}"
    )
    levels = [(10, MoodLevel.CALM), (20, MoodLevel.UPSET), (40, MoodLevel.TENSE)]
    moods = [mood(t, level) for t, level in levels]
    assert fired_at(rule, *moods) == []
    assert fired_at(rule, *moods, mood(60, MoodLevel.CALM)) == [60]


def test_an_older_mood_told_late_does_not_turn_the_clock_back() -> None:
    rule = playbook("{mood: {level: upset}}")
    calm, upset = mood(10, MoodLevel.CALM), mood(30, MoodLevel.UPSET)
    assert fired_at(rule, upset, calm, mood(60, MoodLevel.UPSET)) == [30]


def test_until_strain_keeps_a_mood_from_flickering() -> None:
    moods = [mood(t, MoodLevel.TENSE, strain=s) for t, s in ((10, 0.8), (30, 0.6), (50, 0.8))]
    assert fired_at(playbook("{mood: {strain: 0.7}}"), *moods) == [10, 50]
    assert fired_at(playbook("{mood: {strain: 0.7, until_strain: 0.5}}"), *moods) == [10]


def test_one_growing_silence_counts_once() -> None:
    rule = playbook("{silence: 20s}")
    growing = [silence(t, t - 30) for t in (40, 50, 60, 80)]
    assert fired_at(rule, *growing) == [50]


def test_talk_over_knows_who_came_in_on_top() -> None:
    rule = playbook("{talk_over: {at_least: 2s, by: agent}}")
    assert fired_at(rule, talk_over(9, 3, Speaker.CUSTOMER), talk_over(19, 1)) == []
    assert fired_at(rule, talk_over(9, 2)) == [9]


def test_within_lets_two_things_meet_that_do_not_happen_at_once() -> None:
    rule = playbook("[{said: {en: [hello there], within: 20s}}, {mood: {level: upset}}]")
    assert fired_at(rule, line(10, "hello there"), mood(30, MoodLevel.UPSET)) == [30]
    assert fired_at(rule, line(10, "hello there"), mood(31, MoodLevel.UPSET)) == []


def test_words_not_said_can_be_asked_for() -> None:
    rule = playbook("[{silence: 20s}, {not: {said: {by: agent, en: [one moment], within: 1m}}}]")
    asked = line(10, "one moment please", by=Speaker.AGENT)
    assert fired_at(rule, silence(40, 20)) == [40]
    assert fired_at(rule, asked, silence(40, 20)) == []
    assert fired_at(rule, asked, silence(90, 20)) == [90]


def test_a_count_looks_only_at_its_window() -> None:
    rule = playbook(f"{{count: {{at_least: 3, within: 30s, of: {{{SAID}}}}}}}")
    lines = {t: line(t, "hello there") for t in (5, 20, 34, 40, 48)}
    assert fired_at(rule, lines[5], lines[20], lines[34]) == [34]
    assert fired_at(rule, lines[5], lines[20], lines[40]) == []
    assert fired_at(rule, lines[5], lines[20], lines[40], lines[48]) == [48]


def test_a_sequence_needs_its_order_and_its_window() -> None:
    rule = playbook(
        "{sequence: {within: 20s, of: [{said: {en: [first thing]}}, {said: {en: [then that]}}]}}"
    )
    first, then = "first thing", "then that"
    assert fired_at(rule, line(10, first), line(25, then)) == [25]
    assert fired_at(rule, line(10, then), line(25, first)) == []
    assert fired_at(rule, line(10, first), line(31, then)) == []
    assert fired_at(rule, line(10, f"{first} {then}")) == []


def test_queue_and_language_narrow_a_rule_to_some_calls() -> None:
    rule = playbook(f"[{{queue: [cards, loans]}}, {{language: en}}, {{{SAID}}}]")
    cards = CallStarted(CALL, queue="cards", language=Language.ENGLISH)
    other = CallStarted(CALL, queue="claims", language=Language.ENGLISH)
    assert fired_at(rule, cards, line(5, "hello there")) == [5]
    assert fired_at(rule, other, line(5, "hello there")) == []
    assert fired_at(rule, line(5, "hello there")) == []


def test_call_time_tells_the_opening_from_the_rest() -> None:
    rule = playbook(f"[{{call_time: {{after: 10s, before: 30s}}}}, {{{SAID}}}]")
    assert fired_at(rule, line(5, "hello there"), line(30, "hello there")) == []
    assert fired_at(rule, line(10, "hello there")) == [10]


def test_an_alert_says_what_was_heard_and_which_events_it_rests_on() -> None:
    rule = playbook(f"[{{{SAID}}}, {{mood: {{level: upset}}}}]")
    call = CallStarted(CALL, language=Language.ENGLISH)
    said, upset = line(30, "Well, hello there!"), mood(20, MoodLevel.UPSET)
    (alert,) = replayed(rule, [call, upset, said])[1]
    assert alert.reasons == (
        Reason.of("said", speaker="customer", text="hello there"),
        Reason.of("mood", level="upset", strain=0.7),
    )
    assert alert.cause_ids == (said.line_id, f"{CALL}~mood~20")
    assert alert.alert_id == f"{CALL}~rule~30000"


def test_reasons_are_the_same_whatever_the_language_of_the_call() -> None:
    rule = playbook(f"{{{SAID}}}")
    told = [
        replayed(rule, [CallStarted(CALL, language=language), line(30, "hello there")])[1]
        for language in Language
    ]
    assert {reason for (alert,) in told for reason in alert.reasons} == {
        Reason.of("said", speaker="customer", text="hello there")
    }


def test_a_whole_line_is_found_whatever_its_punctuation_and_nothing_longer() -> None:
    rule = playbook("{said: {exact: {ko: [안 할래요], en: ['no']}}}")
    assert fired_at(rule, line(5, "안할래요!")) == [5]
    assert fired_at(rule, line(5, "No.")) == [5]
    assert fired_at(rule, line(5, "no problem"), line(9, "그럼 안 할래요")) == []


def test_a_pattern_is_found_as_it_is_written_but_not_in_a_false_friend() -> None:
    rule = playbook(
        r"{said: {pattern: ['\d{3,4}-\d{4}', '계좌 ?번호'], but_not: {ko: [계좌번호 없이]}}}"
    )
    assert fired_at(rule, line(5, "it is 010-1234-5678")) == [5]
    assert fired_at(rule, line(5, "계좌 번호 불러 주세요")) == [5]
    assert fired_at(rule, line(5, "계좌번호 없이 됩니다")) == []


MISSING = "{missing: {within: 30s, of: {said: {by: agent, en: [recorded]}}}}"


def test_what_was_not_said_in_time_is_missed_at_the_next_event() -> None:
    rule = playbook(MISSING, extra="cooldown: 10s\nat_most: 5\n")
    lines = [line(t, "go on please") for t in (10, 30, 31, 50)]
    assert fired_at(rule, *lines) == [31]
    assert fired_at(rule, line(30, "this call is recorded", by=Speaker.AGENT), *lines[2:]) == []
    assert fired_at(rule, line(20, "is it recorded"), *lines[2:]) == [31]


def test_what_comes_late_is_no_longer_missing() -> None:
    rule = playbook(f"[{MISSING}, {{said: {{en: [go on please]}}}}]", extra="cooldown: 10s\n")
    late = line(40, "this call is recorded", by=Speaker.AGENT)
    assert fired_at(rule, line(35, "go on please"), late, line(60, "go on please")) == [35]


def test_something_can_be_missing_after_something_else() -> None:
    rule = playbook(
        "{missing: {within: 10s, after: {silence: 5s}, of: {said: {by: agent, en: [sorry]}}}}"
    )
    quiet, sorry = silence(20, 5), line(28, "sorry for the wait", by=Speaker.AGENT)
    later = line(31, "hello are you there")
    assert fired_at(rule, later) == []
    assert fired_at(rule, quiet, later) == [31]
    assert fired_at(rule, quiet, sorry, later) == []


def test_the_phase_of_a_call_narrows_a_rule() -> None:
    def rule(phase: str) -> Playbook:
        return playbook(f"[{{phase: {phase}}}, {{{SAID}}}]")

    early, middle = line(10, "hello there"), line(60, "hello there")
    goodbye = line(90, "Is there anything else I can help with?", by=Speaker.AGENT)
    last = line(95, "hello there")
    after_all = line(200, "hello there")
    told = [early, middle, goodbye, last, after_all]
    assert fired_at(rule("opening"), *told) == [10]
    assert fired_at(rule("body"), *told) == [60, 200]
    assert fired_at(rule("closing"), *told) == [95]
    assert fired_at(rule("[opening, closing]"), *told) == [10, 95]


def test_a_greeting_is_not_yet_a_goodbye() -> None:
    rule = playbook(f"[{{phase: closing}}, {{{SAID}}}]")
    greeting = line(3, "Thank you for calling, how can I help?", by=Speaker.AGENT)
    assert fired_at(rule, greeting, line(6, "hello there")) == []


def caller(*ago_hours: int, kinds: frozenset[SensitivityKind] = frozenset()) -> CallerIdentified:
    hour = 3_600_000
    return CallerIdentified(CALL, tuple(EarlierCall(ago * hour, kinds) for ago in ago_hours))


def test_a_repeat_caller_is_known_at_the_start_of_the_call() -> None:
    rule = playbook("{repeat_caller: {calls: 3, within: 7d}}")
    assert fired_at(rule, CallStarted(CALL), caller(2, 30)) == [0]
    assert fired_at(rule, CallStarted(CALL), caller(2)) == []
    assert fired_at(rule, CallStarted(CALL), caller(2, 24 * 8)) == []


def test_earlier_calls_can_be_asked_for_their_kind() -> None:
    rule = playbook("[{repeat_caller: {within: 30d, kind: abuse}}, {not: {queue: vip}}]")
    abusive = caller(2, kinds=frozenset({SensitivityKind.ABUSE}))
    assert fired_at(rule, CallStarted(CALL), abusive) == [0]
    assert fired_at(rule, CallStarted(CALL, queue="vip"), abusive) == []
    assert fired_at(rule, caller(2, kinds=frozenset({SensitivityKind.CHURN}))) == []


def test_who_called_before_stays_known_for_the_whole_call() -> None:
    rule = playbook(f"[{{repeat_caller: {{within: 1d}}}}, {{{SAID}}}]")
    assert fired_at(rule, caller(2), line(400, "hello there")) == [400]


def test_until_level_keeps_a_level_from_flickering() -> None:
    moods = [
        mood(t, level)
        for t, level in ((10, MoodLevel.UPSET), (30, MoodLevel.TENSE), (50, MoodLevel.UPSET))
    ]
    assert fired_at(playbook("{mood: {level: upset}}"), *moods) == [10, 50]
    rule = playbook("{mood: {level: upset, until_level: calm}}")
    assert fired_at(rule, *moods, mood(70, MoodLevel.CALM), mood(90, MoodLevel.UPSET)) == [10, 90]


def test_a_line_and_the_reading_of_it_count_once() -> None:
    rule = playbook(
        f"{{count: {{at_least: 2, within: 60s, of: {{any: [{{{SAID}}}, {{topic: abuse}}]}}}}}}"
    )
    first, second = line(10, "hello there"), line(20, "hello there")
    read = [reading(t, topics=(Topic.ABUSE,)) for t in (10, 20)]
    assert fired_at(rule, first, read[0]) == []
    assert fired_at(rule, first, read[0], second, read[1]) == [20]
