"""Who was heard in a line, and when a line stands over silence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from detectors.utterance import Speaker, TimeSpan, TranscriptLine, Turn, TurnKind
from detectors.voice.call_segmenter import SpeechProgress
from streams.processing.voice_activity import MAX_CALLS, VoiceActivityLog

if TYPE_CHECKING:
    from collections.abc import Callable

CALL = "call-1"
C, A = Speaker.CUSTOMER, Speaker.AGENT


def line(start_ms: int, end_ms: int, by: Speaker = C) -> TranscriptLine:
    return TranscriptLine(CALL, by, TimeSpan(start_ms, end_ms), "여보세요 거기 누구 계세요")


def turn(start_ms: int, end_ms: int, by: Speaker = C, kind: TurnKind = TurnKind.SPEECH) -> Turn:
    return Turn(CALL, kind, TimeSpan(start_ms, end_ms), by)


def listen(log: VoiceActivityLog, until_ms: int, *turns: Turn, since: int | None = None) -> None:
    log.update(CALL, [SpeechProgress(C, 0, until_ms, since), SpeechProgress(A, 0, until_ms)], turns)


def is_silent(log: VoiceActivityLog, at: TranscriptLine, timeout_s: float = 0) -> bool:
    return asyncio.run(log.is_silent(at, timeout_s=timeout_s))


def with_matched_line() -> VoiceActivityLog:
    """A customer who spoke for two seconds, in a line of theirs."""
    log = VoiceActivityLog()
    listen(log, 20_000, turn(2_000, 4_000))
    assert not is_silent(log, line(2_000, 4_000))
    return log


def test_a_line_where_its_channel_carries_nothing_is_silent() -> None:
    assert is_silent(with_matched_line(), line(10_000, 12_000))


def test_words_are_believed_where_no_line_fell_on_speech_before() -> None:
    log = VoiceActivityLog()
    listen(log, 20_000, turn(2_000, 4_000))
    assert not is_silent(log, line(10_000, 12_000))


def test_words_are_believed_where_nothing_was_listened_to() -> None:
    assert not is_silent(VoiceActivityLog(), line(2_000, 4_000))
    assert not is_silent(with_matched_line(), line(19_800, 22_000)), "audio has yet to come"


def test_an_utterance_that_is_still_open_is_speech() -> None:
    log = with_matched_line()
    listen(log, 24_000, since=22_000)
    assert not is_silent(log, line(22_500, 23_000))
    assert log.is_vouched(line(22_500, 23_000))


def test_a_tone_is_no_speech() -> None:
    log = with_matched_line()
    listen(log, 24_000, since=22_000)
    listen(log, 26_000, turn(22_000, 25_000, kind=TurnKind.TONE))
    assert is_silent(log, line(22_500, 24_500))
    assert not log.is_vouched(line(22_500, 24_500))


def test_a_line_is_vouched_by_its_speaker_alone() -> None:
    log = VoiceActivityLog()
    listen(log, 20_000, turn(2_000, 4_000), turn(8_000, 10_000), turn(8_000, 10_000, A))
    assert log.is_vouched(line(2_000, 4_000))
    assert not log.is_vouched(line(2_000, 4_000, A))
    assert not log.is_vouched(line(8_000, 10_000)), "both were heard"


async def wait_until(go_on: Callable[[VoiceActivityLog], None], log: VoiceActivityLog) -> bool:
    """Whether a line is silent whose audio has yet to come when it is asked for."""
    waiting = asyncio.create_task(log.is_silent(line(20_500, 22_000), timeout_s=30))
    await asyncio.sleep(0)
    go_on(log)
    return await waiting


def test_a_line_waits_for_its_audio() -> None:
    assert asyncio.run(wait_until(lambda log: listen(log, 23_000), with_matched_line()))


def test_the_end_of_a_call_ends_the_wait_and_nobody_knows() -> None:
    assert not asyncio.run(wait_until(lambda log: log.end(CALL), with_matched_line()))


def test_calls_are_bounded_and_the_quietest_is_forgotten() -> None:
    log = with_matched_line()
    for number in range(MAX_CALLS):
        log.update(f"other-{number}", [SpeechProgress(C, 0, 100)], ())
    assert not log.is_vouched(line(2_000, 4_000))
