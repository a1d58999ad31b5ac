"""Echo and leakage: what is only the other one's voice is nobody's utterance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import SAMPLE_RATE, Speaker, TimeSpan, Turn, TurnKind
from detectors.voice.call_segmenter import CallSegmenter, Checkpoint, SegmenterResult
from tests.detectors.voice.line_sounds import (
    LEFT_IS_AGENT,
    RIGHT_IS_CUSTOMER,
    band,
    coded,
    demo_channel,
    drift,
    echo,
    noise,
    room,
    to_pcm,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

CHUNK = 200 * SAMPLE_RATE // 1000


def agent_voice() -> Sound:
    return demo_channel("card-en", LEFT_IS_AGENT)


def customer_voice() -> Sound:
    return demo_channel("card-en", RIGHT_IS_CUSTOMER)[: len(agent_voice())]


def segment_call(
    customer: Sound, agent: Sound, *, segmenter: CallSegmenter | None = None, start_ms: int = 0
) -> list[SegmenterResult]:
    segmenter = segmenter or CallSegmenter("c")
    channels = {Speaker.CUSTOMER: to_pcm(customer), Speaker.AGENT: to_pcm(agent)}
    results = [
        segmenter.feed(
            first * 1000 // SAMPLE_RATE,
            {speaker: pcm[first : first + CHUNK] for speaker, pcm in channels.items()},
        )
        for first in range(start_ms * SAMPLE_RATE // 1000, len(agent), CHUNK)
    ]
    return [*results, segmenter.finish()]


def utterances(results: list[SegmenterResult]) -> list[TimeSpan]:
    return [segment.span for result in results for segment in result.customer_segments]


def turns(results: list[SegmenterResult], kind: TurnKind, speaker: Speaker) -> list[Turn]:
    all_turns = [turn for result in results for turn in result.turns]
    return [turn for turn in all_turns if turn.kind is kind and turn.speaker is speaker]


def echoes(results: list[SegmenterResult]) -> list[tuple[Speaker, TimeSpan]]:
    return [one for result in results for one in result.echoes]


def covered_ms(spans: list[TimeSpan], by: list[TimeSpan]) -> int:
    return sum(span.overlap_ms(other) for span in spans for other in by)


LINES: dict[str, Callable[[Sound], Sound]] = {
    "G.711 at -20 dB": lambda x: coded(echo(x, delay_ms=120, gain_db=-20), "ULAW"),
    "G.711 at -30 dB": lambda x: coded(echo(x, delay_ms=120, gain_db=-30), "ALAW"),
    "G.721": lambda x: coded(echo(x, delay_ms=90, gain_db=-20), "G721_32"),
    "GSM 6.10": lambda x: coded(echo(x, delay_ms=300, gain_db=-12), "GSM610"),
    "line noise under it": lambda x: echo(x, delay_ms=120, gain_db=-20) + noise(len(x), dbfs=-52),
    "a narrow band": lambda x: band(echo(x, delay_ms=250, gain_db=-12), 300, 1_200),
    "clocks 100 ppm apart": lambda x: drift(echo(x, delay_ms=120, gain_db=-15), ppm=100),
    "three reflections": lambda x: (
        echo(x, delay_ms=60, gain_db=-10)
        + echo(x, delay_ms=140, gain_db=-14)
        + echo(x, delay_ms=260, gain_db=-16)
    ),
    "a room": lambda x: room(x, delay_ms=80, gain_db=-15),
    "an overdriven loudspeaker": lambda x: np.clip(
        echo(x, delay_ms=150, gain_db=-10), -1_500, 1_500
    ),
}


@pytest.mark.parametrize("gain_db", [-6, -10, -20, -30])
@pytest.mark.parametrize("delay_ms", [0, 50, 200, 500, 600])
def test_the_agents_echo_is_no_utterance_of_the_customer(gain_db: int, delay_ms: int) -> None:
    leaked = echo(agent_voice(), delay_ms=delay_ms, gain_db=gain_db)
    results = segment_call(leaked, agent_voice())
    assert utterances(results) == []
    assert turns(results, TurnKind.SPEECH, Speaker.CUSTOMER) == []
    assert turns(results, TurnKind.TALK_OVER, Speaker.CUSTOMER) == []
    assert {speaker for speaker, _ in echoes(results)} == {Speaker.CUSTOMER}, "and is counted"


@pytest.mark.parametrize("line", LINES)
def test_no_line_makes_an_utterance_of_an_echo(line: str) -> None:
    results = segment_call(LINES[line](agent_voice()), agent_voice())
    assert utterances(results) == []
    assert echoes(results)


@pytest.mark.parametrize("line", LINES)
def test_the_customers_echo_is_no_turn_of_the_agent(line: str) -> None:
    results = segment_call(customer_voice(), LINES[line](customer_voice()))
    assert turns(results, TurnKind.SPEECH, Speaker.AGENT) == []
    assert turns(results, TurnKind.TALK_OVER, Speaker.AGENT) == []
    assert utterances(results) == utterances(
        segment_call(customer_voice(), np.zeros_like(customer_voice()))
    )


@pytest.mark.parametrize("call", ["bank-ko", "card-en"])
def test_a_call_without_echo_loses_nothing(call: str) -> None:
    agent = demo_channel(call, LEFT_IS_AGENT)
    customer = demo_channel(call, RIGHT_IS_CUSTOMER)
    results = segment_call(customer, agent)
    assert echoes(results) == []
    assert utterances(results) == utterances(segment_call(customer, np.zeros_like(agent)))


@pytest.mark.parametrize("gain_db", [-10, -20, -30])
def test_what_the_customer_says_beside_an_echo_stays(gain_db: int) -> None:
    leaked = customer_voice() + echo(agent_voice(), delay_ms=150, gain_db=gain_db)
    own = utterances(segment_call(customer_voice(), np.zeros_like(agent_voice())))
    results = segment_call(leaked, agent_voice())
    assert covered_ms(own, utterances(results)) >= 0.9 * sum(span.duration_ms for span in own)
    assert all(span.overlap_ms(kept) for span in own for kept in [_widest(span, results)])
    of_agent = [turn.span for turn in turns(results, TurnKind.SPEECH, Speaker.AGENT)]
    talk_over_ms = covered_ms(utterances(results), of_agent) - covered_ms(own, of_agent)
    assert talk_over_ms <= 0.1 * sum(span.duration_ms for span in of_agent)


def _widest(span: TimeSpan, results: list[SegmenterResult]) -> TimeSpan:
    return max(utterances(results), key=span.overlap_ms)


@pytest.mark.parametrize("gain_db", [-10, -20, -30])
def test_a_customer_who_speaks_over_the_agent_is_not_silenced_by_the_echo(gain_db: int) -> None:
    agent = agent_voice()
    customer = np.roll(customer_voice(), -3 * SAMPLE_RATE)  # now they speak at once
    own = utterances(segment_call(customer, np.zeros_like(agent)))
    results = segment_call(customer + echo(agent, delay_ms=150, gain_db=gain_db), agent)
    assert covered_ms(own, utterances(results)) >= 0.85 * sum(span.duration_ms for span in own)


def test_speech_directly_behind_an_echo_is_cut_out_of_the_segment() -> None:
    agent, customer = np.zeros(6 * SAMPLE_RATE), np.zeros(6 * SAMPLE_RATE)
    voice = agent_voice()
    first = int(np.argmax(np.abs(voice) > 2_000))
    agent[8_000:24_000] = voice[first : first + 16_000]
    customer += echo(agent, delay_ms=100, gain_db=-12)
    other = customer_voice()
    begin = int(np.argmax(np.abs(other) > 2_000))
    customer[26_000:42_000] += other[begin : begin + 16_000]
    (span,) = utterances(segment_call(customer, agent))
    assert abs(span.start_ms - 26_000 / 8) <= 250
    assert span.end_ms >= 42_000 / 8 - 300


def test_two_people_who_say_the_same_words_at_once_are_two_people() -> None:
    """The same sentence by two voices of the synthesiser, a quarter of a second apart."""
    words = agent_voice()
    stretched = np.interp(np.arange(len(words)) * 1.12, np.arange(len(words)), words)
    results = segment_call(echo(stretched, delay_ms=250, gain_db=0), words)
    assert echoes(results) == []


def test_one_recording_on_both_channels_is_recognised_and_nobody_is_read() -> None:
    mix = agent_voice() + customer_voice()
    results = segment_call(coded(mix, "ULAW"), mix + noise(len(mix), dbfs=-60))
    assert utterances(results) == []
    assert turns(results, TurnKind.TALK_OVER, Speaker.CUSTOMER) == []
    assert any(result.is_one_sound for result in results)


def test_two_channels_of_two_people_are_not_one_recording() -> None:
    assert not any(r.is_one_sound for r in segment_call(customer_voice(), agent_voice()))
    leaked = customer_voice() + agent_voice()
    assert not any(r.is_one_sound for r in segment_call(leaked, agent_voice()))


def test_where_the_agents_channel_is_a_mix_the_customer_is_still_read() -> None:
    results = segment_call(customer_voice(), agent_voice() + customer_voice())
    own = utterances(segment_call(customer_voice(), np.zeros_like(agent_voice())))
    assert len(utterances(results)) >= len(own) - 1, "all but what came before it was known"


def checkpoints(results: list[SegmenterResult]) -> list[Checkpoint]:
    return [result.checkpoint for result in results if result.checkpoint is not None]


@pytest.mark.parametrize("delay_ms", [0, 600])
def test_a_call_with_echo_gone_on_with_from_any_checkpoint_is_the_same_call(delay_ms: int) -> None:
    end = 40 * SAMPLE_RATE
    agent = agent_voice()[:end]
    customer = customer_voice()[:end] + echo(agent, delay_ms=delay_ms, gain_db=-10)
    whole = segment_call(customer, agent)
    segmenter = CallSegmenter("c")
    channels = {Speaker.CUSTOMER: to_pcm(customer), Speaker.AGENT: to_pcm(agent)}
    done: list[SegmenterResult] = []
    for first in range(0, end, CHUNK):
        chunk = {speaker: pcm[first : first + CHUNK] for speaker, pcm in channels.items()}
        done.append(segmenter.feed(first // 8, chunk))
        if (mark := done[-1].checkpoint) is None:
            continue
        # A worker rereads whole chunks, from the first one that was not let go.
        start_ms = segmenter.checkpoint_ms // 200 * 200
        rest = segment_call(customer, agent, segmenter=CallSegmenter("c", mark), start_ms=start_ms)
        assert utterances(done) + utterances(rest) == utterances(whole)
        assert sorted(echoes(done) + echoes(rest)) == sorted(echoes(whole))
        assert {turn for r in done + rest for turn in r.turns} == {
            turn for r in whole for turn in r.turns
        }
    assert len(checkpoints(done)) > 5


@given(
    gain_db=st.floats(-30, -6),
    delay_ms=st.integers(0, 600),
    start=st.integers(0, 20),
    seed=st.integers(0, 9),
)
@settings(max_examples=25, deadline=None)
def test_no_echo_of_any_level_and_delay_becomes_an_utterance(
    gain_db: float, delay_ms: int, start: int, seed: int
) -> None:
    agent = agent_voice()[start * SAMPLE_RATE : (start + 15) * SAMPLE_RATE]
    line = echo(agent, delay_ms=delay_ms, gain_db=gain_db) + noise(len(agent), dbfs=-66, seed=seed)
    assert utterances(segment_call(line, agent)) == []
