"""What the call segmenter makes of tones, music and noise: turns of their own, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from detectors.corpora.line_sounds.tones import RING_BACK, render_cadence
from detectors.utterance import SAMPLE_RATE, Speaker, TimeSpan, Turn, TurnKind
from detectors.voice.call_segmenter import CallSegmenter, Checkpoint
from detectors.voice.speech_gate import SoundKind, SoundSpan, SpeechGate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.voice.endpointing import SpeechSegment

DEMO = Path("streams/ingest/replay/demo/bank-ko/call.flac")
AGENT, CUSTOMER = 0, 1
CHUNK_MS = 200


@dataclass
class AlwaysGate(SpeechGate):
    """Takes every segment for one kind."""

    kind: SoundKind

    def split(self, pcm: NDArray[np.int16]) -> tuple[SoundSpan, ...]:
        return (SoundSpan(TimeSpan(0, pcm.size * 1_000 // SAMPLE_RATE), self.kind),)


@cache
def demo() -> NDArray[np.int16]:
    """``int16[n, 2]``: agent, customer."""
    sound, _ = soundfile.read(DEMO, dtype="int16")
    return sound[: 60 * SAMPLE_RATE]


@cache
def ring_back(seconds: float, country: str = "kr") -> NDArray[np.int16]:
    wave = render_cadence(np.random.default_rng(1), seconds, RING_BACK[country])
    return np.rint(wave / np.abs(wave).max() * 6_000).astype(np.int16)


def feed_all(
    segmenter: CallSegmenter, sound: dict[Speaker, NDArray[np.int16]], start_ms: int = 0
) -> tuple[list[SpeechSegment], list[Turn], list[Checkpoint]]:
    segments, turns, checkpoints = [], [], []
    size = CHUNK_MS * SAMPLE_RATE // 1_000
    length = max(pcm.size for pcm in sound.values())
    results = [
        segmenter.feed(
            first * 1_000 // SAMPLE_RATE,
            {who: pcm[first : first + size] for who, pcm in sound.items()},
        )
        for first in range(start_ms * SAMPLE_RATE // 1_000, length, size)
    ]
    for result in [*results, segmenter.finish()]:
        segments += result.customer_segments
        turns += result.turns
        checkpoints += [result.checkpoint] if result.checkpoint else []
    return segments, turns, checkpoints


def both(customer: NDArray[np.int16], agent: NDArray[np.int16] | None = None) -> dict:
    silent = np.zeros_like(customer)
    return {Speaker.CUSTOMER: customer, Speaker.AGENT: silent if agent is None else agent}


def of_kind(turns: list[Turn], kind: TurnKind) -> list[Turn]:
    return [turn for turn in turns if turn.kind is kind]


def test_ring_back_is_one_tone_that_grows_and_no_utterance() -> None:
    segments, turns, _ = feed_all(CallSegmenter("c"), both(ring_back(24.0)))
    assert segments == []
    assert of_kind(turns, TurnKind.SPEECH) == []
    tones = of_kind(turns, TurnKind.TONE)
    assert len({turn.event_id for turn in tones}) == 1, "one event that grows"
    assert len({turn.turn_id for turn in tones}) == len(tones), "each report a turn of its own"
    assert {turn.speaker for turn in tones} == {Speaker.CUSTOMER}
    assert tones[-1].span.duration_ms > 20_000


def test_nobody_waits_in_silence_while_it_rings() -> None:
    _, turns, _ = feed_all(CallSegmenter("c"), both(ring_back(24.0)))
    assert of_kind(turns, TurnKind.SILENCE) == []


def test_noise_ends_no_silence() -> None:
    demo_customer = demo()[:, CUSTOMER]
    segments, turns, _ = feed_all(
        CallSegmenter("c", gate=AlwaysGate(SoundKind.NOISE)), both(demo_customer)
    )
    assert segments == []
    assert of_kind(turns, TurnKind.NOISE)
    assert max(turn.span.duration_ms for turn in of_kind(turns, TurnKind.SILENCE)) >= 30_000


def test_what_is_no_speech_is_no_talk_over() -> None:
    agent, customer = demo()[:, AGENT], demo()[:, CUSTOMER]
    loud = both(np.resize(ring_back(24.0), customer.size), agent)
    _, turns, _ = feed_all(CallSegmenter("c"), loud)
    assert of_kind(turns, TurnKind.TONE)
    assert of_kind(turns, TurnKind.SPEECH), "the agent spoke"
    assert of_kind(turns, TurnKind.TALK_OVER) == []


def test_channels_without_a_common_clock_have_neither_talk_over_nor_silence() -> None:
    customer, agent = demo()[:, CUSTOMER], demo()[:, AGENT]
    segmenter, turns = CallSegmenter("c"), []
    for first in range(0, customer.size, 1_600):
        chunk = both(customer[first : first + 1_600], agent[first : first + 1_600])
        turns += segmenter.feed(first // 8, chunk, aligned=False).turns
    turns += segmenter.finish().turns
    kinds = {turn.kind for turn in turns}
    assert TurnKind.SPEECH in kinds
    assert kinds.isdisjoint({TurnKind.TALK_OVER, TurnKind.SILENCE})
    assert of_kind(feed_all(CallSegmenter("c"), both(customer, agent))[1], TurnKind.TALK_OVER)


def test_a_call_sounds_the_same_behind_ring_back() -> None:
    agent, customer = demo()[:, AGENT], demo()[:, CUSTOMER]
    plain, _, _ = feed_all(CallSegmenter("c"), both(customer, agent))
    ring = ring_back(24.0)
    silent = np.zeros_like(ring)
    rung, _, _ = feed_all(
        CallSegmenter("c"),
        both(np.concatenate([ring, customer]), np.concatenate([silent, agent])),
    )
    shift_ms = ring.size * 1_000 // SAMPLE_RATE
    assert [(s.span.start_ms + shift_ms, s.span.end_ms + shift_ms) for s in plain] == [
        (s.span.start_ms, s.span.end_ms) for s in rung
    ]


def test_speech_after_a_ring_is_an_utterance_of_its_own() -> None:
    ring = ring_back(3.0)[: SAMPLE_RATE + SAMPLE_RATE // 10]
    speech = demo()[:, CUSTOMER]
    plain, _, _ = feed_all(CallSegmenter("c"), both(speech))
    first = plain[0]
    start = first.span.start_ms * SAMPLE_RATE // 1_000
    joined = np.concatenate([ring, first.pcm, np.zeros(SAMPLE_RATE, np.int16)])
    assert start >= 0
    segments, turns, _ = feed_all(CallSegmenter("c"), both(joined))
    assert of_kind(turns, TurnKind.TONE)
    assert len(segments) == 1
    ring_ms = ring.size * 1_000 // SAMPLE_RATE
    assert abs(segments[0].span.start_ms - ring_ms) <= 300
    assert segments[0].pcm.size == segments[0].span.duration_ms * SAMPLE_RATE // 1_000


def test_from_any_checkpoint_on_the_same_tones_are_found() -> None:
    sound = both(
        np.concatenate([ring_back(20.0), demo()[: 20 * SAMPLE_RATE, CUSTOMER], ring_back(9.0)])
    )
    segments, turns, checkpoints = feed_all(CallSegmenter("c"), sound)
    assert len(checkpoints) > 3
    for checkpoint in checkpoints:
        oldest_ms = min(checkpoint.read_until_ms.values()) // CHUNK_MS * CHUNK_MS
        _, later_turns, _ = feed_all(CallSegmenter("c", checkpoint), sound, oldest_ms)
        assert later_turns == turns[len(turns) - len(later_turns) :]
    assert segments
