"""Where speech begins and ends, and that a restart finds the same."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import SAMPLE_RATE, Speaker, Turn, TurnKind
from detectors.voice.call_segmenter import CallSegmenter, Checkpoint
from detectors.voice.endpointing import FRAME_MS, Endpointer, SpeechSegment

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEMO = Path("streams/ingest/replay/demo/bank-ko/call.flac")
AGENT, CUSTOMER = 0, 1


@cache
def call() -> NDArray[np.int16]:
    """``int16[n, 2]``: agent, customer."""
    sound, rate = soundfile.read(DEMO, dtype="int16")
    assert rate == SAMPLE_RATE
    return sound[: 60 * SAMPLE_RATE]


@cache
def whole() -> tuple[SpeechSegment, ...]:
    return tuple(heard_in_pieces(Endpointer(), call()[:, CUSTOMER], 1_600))


def heard_in_pieces(ear: Endpointer, pcm: NDArray[np.int16], size: int) -> list[SpeechSegment]:
    found = []
    for start in range(0, len(pcm), size):
        found += ear.feed(np.ascontiguousarray(pcm[start : start + size]))
    return found + ear.finish()


def spans(found: list[SpeechSegment] | tuple[SpeechSegment, ...]) -> list[tuple[int, int]]:
    return [(one.span.start_ms, one.span.end_ms) for one in found]


def test_an_utterance_has_as_much_sound_as_its_span_says() -> None:
    for one in whole():
        assert len(one.pcm) == one.span.duration_ms * SAMPLE_RATE // 1000


def test_the_sound_of_an_utterance_is_what_was_spoken_in_its_span() -> None:
    customer = call()[:, CUSTOMER]
    for one in whole():
        first = one.span.start_ms * SAMPLE_RATE // 1000
        np.testing.assert_array_equal(one.pcm, customer[first : first + len(one.pcm)])


@given(size=st.integers(1, 4_000))
@settings(max_examples=15, deadline=None)
def test_the_size_of_the_chunks_does_not_matter(size: int) -> None:
    sound = call()[: 20 * SAMPLE_RATE, CUSTOMER]
    expected = spans(heard_in_pieces(Endpointer(), sound, 1_600))
    assert spans(heard_in_pieces(Endpointer(), sound, size)) == expected


def checkpoints() -> list[int]:
    ear, seen = Endpointer(), [0]
    sound = call()[:, CUSTOMER]
    for start in range(0, len(sound), 160):
        ear.feed(np.ascontiguousarray(sound[start : start + 160]))
        if ear.checkpoint_ms != seen[-1]:
            seen.append(ear.checkpoint_ms)
    return seen


def test_there_are_checkpoints_in_silence_and_after_speech() -> None:
    marks = checkpoints()
    assert len(marks) > 10
    assert max(np.diff(marks)) <= 13_000, "no more than the longest utterance is ever reread"


def test_whoever_starts_at_a_checkpoint_finds_the_same_utterances() -> None:
    sound = call()[:, CUSTOMER]
    for mark in checkpoints():
        rest = heard_in_pieces(Endpointer(mark), sound[mark * 8 :], 1_600)
        assert spans(rest) == [pair for pair in spans(whole()) if pair[0] >= mark]


def test_silence_is_never_speech() -> None:
    assert heard_in_pieces(Endpointer(), np.zeros(80_000, dtype=np.int16), 1_600) == []


def test_a_click_is_no_utterance() -> None:
    sound = np.zeros(16_000, dtype=np.int16)
    sound[8_000:8_080] = 20_000
    assert heard_in_pieces(Endpointer(), sound, 1_600) == []


def test_endless_speech_is_cut_so_that_a_reading_never_waits() -> None:
    speech = next(one.pcm for one in whole() if one.span.duration_ms > 2_000)
    endless = np.tile(speech[2_000:12_000], 40)[: 40 * SAMPLE_RATE]
    found = heard_in_pieces(Endpointer(), endless, 1_600)
    assert max(one.span.duration_ms for one in found) <= 12_000
    assert sum(one.span.duration_ms for one in found) > 30_000


def test_the_loudest_negative_sample_is_heard_as_loud() -> None:
    ear = Endpointer()
    ear.feed(np.full(1_600, -32_768, dtype=np.int16))
    assert ear.processed_until_ms == 200


# --- both speakers -----------------------------------------------------------------------


def listen(
    listener: CallSegmenter, start: int = 0, stop: int | None = None
) -> tuple[list[tuple[int, int]], list[Turn], list[Checkpoint]]:
    utterances, turns, marks = [], [], []
    sound = call()[: stop and stop * 8]
    for first in range(start * 8, len(sound), 1_600):
        piece = sound[first : first + 1_600]
        heard = listener.feed(
            first // 8, {Speaker.CUSTOMER: piece[:, CUSTOMER], Speaker.AGENT: piece[:, AGENT]}
        )
        utterances += spans(heard.customer_segments)
        turns += heard.turns
        if heard.checkpoint:
            marks.append(heard.checkpoint)
    heard = listener.finish()
    return utterances + spans(heard.customer_segments), turns + list(heard.turns), marks


def test_a_call_gone_on_with_from_any_checkpoint_is_the_same_call() -> None:
    utterances, turns, marks = listen(CallSegmenter("c"))
    assert len(marks) > 10
    for mark in marks:
        oldest = min(mark.read_until_ms.values())
        # The worker rereads whole chunks, from somewhere before the checkpoint.
        rest, rest_turns, _ = listen(
            CallSegmenter("c", mark), start=max(0, oldest // 200 - 7) * 200
        )
        done = [pair for pair in utterances if pair not in rest]
        assert done + rest == utterances, "nothing missing, nothing double"
        customer = mark.read_until_ms[Speaker.CUSTOMER]
        assert all(end <= customer for _, end in done)
        told = set(turns[: len(turns) - len(rest_turns)]) | set(rest_turns)
        assert told == set(turns)


def test_talk_over_names_who_came_in_on_top() -> None:
    _, turns, _ = listen(CallSegmenter("c"))
    overs = [turn for turn in turns if turn.kind is TurnKind.TALK_OVER]
    assert len(overs) == 1
    assert overs[0].speaker is Speaker.CUSTOMER
    assert overs[0].span.duration_ms >= 800


def test_a_long_silence_is_told_while_it_grows() -> None:
    listener = CallSegmenter("c")
    quiet = np.zeros(1_600, dtype=np.int16)
    turns = []
    for start_ms in range(0, 21_000, 200):
        turns += listener.feed(start_ms, {Speaker.CUSTOMER: quiet, Speaker.AGENT: quiet}).turns
    assert [turn.span.duration_ms for turn in turns] == [5_000, 10_000, 15_000, 20_000]
    assert {turn.kind for turn in turns} == {TurnKind.SILENCE}


def test_one_side_alone_has_no_silences() -> None:
    listener = CallSegmenter("c")
    quiet = np.zeros(1_600, dtype=np.int16)
    for start_ms in range(0, 12_000, 200):
        assert listener.feed(start_ms, {Speaker.CUSTOMER: quiet}).turns == ()


def test_a_chunk_that_comes_twice_is_heard_once() -> None:
    listener, twice = CallSegmenter("c"), CallSegmenter("c")
    sound = call()
    once_found, twice_found = [], []
    for first in range(0, 20 * SAMPLE_RATE, 1_600):
        chunk = {Speaker.CUSTOMER: sound[first : first + 1_600, CUSTOMER]}
        once_found += spans(listener.feed(first // 8, chunk).customer_segments)
        for _ in range(2):
            twice_found += spans(twice.feed(first // 8, chunk).customer_segments)
    assert twice_found == once_found != []


def test_a_short_hole_is_silence_and_a_long_one_ends_what_was_said() -> None:
    speech = next(one for one in whole() if one.span.duration_ms > 3_000)
    for hole_ms, expected_end in ((400, None), (5_000, 1_000)):
        listener = CallSegmenter("c")
        found = listener.feed(0, {Speaker.CUSTOMER: speech.pcm[:8_000]}).customer_segments
        start_ms = 1_000 + hole_ms
        found += listener.feed(
            start_ms, {Speaker.CUSTOMER: speech.pcm[8_000:16_000]}
        ).customer_segments
        found += listener.finish().customer_segments
        assert (found[0].span.end_ms <= 1_000) == (expected_end is not None)


def test_utterances_end_on_whole_frames() -> None:
    assert all(end % FRAME_MS == 0 for _, end in spans(whole()))
