"""Which moments a trainer should look at, worst first."""

from __future__ import annotations

import pytest

from detectors.labels import Emotion
from detectors.reading import Modality, Reading
from detectors.utterance import TimeSpan
from streams.corrections.segments import (
    Cause,
    DisputedAlert,
    Segment,
    find_segments,
    is_answered,
)

CALL = "c:1@x+y"


def read(  # noqa: PLR0913  (a reading has as many sides)
    start: int,
    end: int,
    modality: Modality = Modality.VOICE,
    *,
    label: Emotion = Emotion.NEUTRAL,
    confidence: float = 0.9,
    abstained: bool = False,
) -> Reading:
    return Reading(
        call_id=CALL,
        span=TimeSpan(start, end),
        modality=modality,
        detector="test",
        version="1",
        scores={label: 1.0},
        confidence=confidence,
        abstained=abstained,
    )


def found(reads: list[Reading], *wrong: DisputedAlert) -> list[tuple[int, Cause]]:
    return [(one.span.start_ms, one.cause) for one in find_segments(CALL, reads, wrong)]


def wrong(at_ms: int, *cause_ids: str) -> DisputedAlert:
    return DisputedAlert(at_ms=at_ms, cause_ids=cause_ids)


def test_a_sure_reading_that_nobody_called_wrong_is_not_worth_a_trainers_time() -> None:
    assert found([read(0, 2_000)]) == []


def test_a_reading_that_abstained_or_hardly_dared_is() -> None:
    reads = [
        read(0, 2_000, abstained=True, confidence=0.2),
        read(5_000, 7_000, confidence=0.39),
        read(10_000, 12_000, confidence=0.4),
    ]
    assert found(reads) == [(0, Cause.UNCERTAIN), (5_000, Cause.UNCERTAIN)]


def test_a_short_yes_is_not_though_uncertain_unless_it_was_called_wrong() -> None:
    short = read(0, 600, abstained=True)
    assert found([short]) == []
    assert found([short], wrong(700, short.reading_id)) == [(0, Cause.CALLED_WRONG)]


def test_voice_and_words_of_one_utterance_are_one_segment() -> None:
    reads = [
        read(1_000, 3_000, abstained=True),
        read(1_200, 3_400, Modality.TEXT, abstained=True),
    ]
    (segment,) = find_segments(CALL, reads, [])
    assert (segment.voice_id, segment.text_id) == tuple(one.reading_id for one in reads)
    assert segment.segment_id == f"{CALL}~customer~1000"


def test_a_line_without_an_utterance_is_a_segment_of_its_own() -> None:
    reads = [read(1_000, 3_000), read(9_000, 11_000, Modality.TEXT, abstained=True)]
    (segment,) = find_segments(CALL, reads, [])
    assert (segment.span, segment.voice_id) == (TimeSpan(9_000, 11_000), None)


def test_a_line_belongs_to_the_utterance_that_it_overlaps_most() -> None:
    reads = [
        read(0, 2_000, abstained=True),
        read(2_500, 5_000, abstained=True),
        read(1_900, 5_000, Modality.TEXT),
    ]
    first, second = find_segments(CALL, reads, [])
    assert (first.text_id, second.text_id) == (None, reads[2].reading_id)


def test_voice_and_words_on_different_sides_disagree() -> None:
    reads = [
        read(0, 2_000, label=Emotion.ANGER),
        read(0, 2_000, Modality.TEXT, label=Emotion.NEUTRAL),
    ]
    assert found(reads) == [(0, Cause.DISAGREEMENT)]


def test_two_negative_emotions_do_not_disagree() -> None:
    reads = [
        read(0, 2_000, label=Emotion.ANGER),
        read(0, 2_000, Modality.TEXT, label=Emotion.SADNESS),
    ]
    assert found(reads) == []


def test_the_worst_is_what_was_called_wrong_then_disagreement_then_doubt() -> None:
    reads = [
        read(0, 2_000, abstained=True, confidence=0.01),
        read(10_000, 12_000, label=Emotion.ANGER, confidence=0.5),
        read(10_000, 12_000, Modality.TEXT, confidence=0.5),
        read(20_000, 22_000, confidence=0.6),
        read(30_000, 32_000, confidence=0.9),
    ]
    called = wrong(33_000, reads[3].reading_id, reads[4].reading_id)
    segments = sorted(find_segments(CALL, reads, [called]), key=lambda one: -one.urgency)
    assert [one.span.start_ms for one in segments] == [30_000, 20_000, 10_000, 0]


@pytest.mark.parametrize(
    "cause",
    [f"{CALL}~customer~5000~text", f"{CALL}~customer~5000~line"],
)
def test_a_wrong_alert_blames_the_reading_or_the_line_that_it_names(cause: str) -> None:
    reads = [read(0, 2_000), read(5_000, 7_000, Modality.TEXT)]
    assert found(reads, wrong(9_000, cause)) == [(5_000, Cause.CALLED_WRONG)]


def test_a_wrong_alert_that_names_a_mood_blames_the_newest_moment_before_it() -> None:
    reads = [read(0, 2_000), read(5_000, 7_000), read(20_000, 22_000)]
    assert found(reads, wrong(8_000, f"{CALL}~mood~3")) == [(5_000, Cause.CALLED_WRONG)]


def test_a_wrong_alert_about_silence_blames_no_emotion() -> None:
    silence = DisputedAlert(at_ms=9_000, cause_ids=("its id",), is_about_timing=True)
    assert found([read(0, 2_000)], silence) == []


@pytest.mark.parametrize(
    ("span", "done"), [(TimeSpan(900, 2_100), True), (TimeSpan(1_600, 9_000), False)]
)
def test_a_segment_is_settled_when_half_of_it_was_answered(*, span: TimeSpan, done: bool) -> None:
    segment = Segment(
        segment_id="s", call_id=CALL, span=TimeSpan(1_000, 2_000), cause=Cause.UNCERTAIN,
        urgency=0.5, voice_id=None, text_id=None,
    )  # fmt: skip
    assert is_answered(segment, [span]) is done
