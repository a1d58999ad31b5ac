"""A call whose sides look exchanged is found while it is going on, and read no more."""

from __future__ import annotations

from typing import Any

from detectors.channels.channel_fault import ChannelFault, FaultEvidence, FaultKind
from detectors.utterance import Speaker, TranscriptLine, Turn, TurnKind
from streams.messages.calls import TranscriptMessage, TurnMessage
from streams.messages.channels import ChannelFaultMessage
from streams.processing.channel_faults import FaultyCalls
from streams.score.channel_processor import MAX_LINES, ChannelEvidence
from tests.detectors.channels.test_channel_check import exchanged_speech, speech, words
from tests.streams.score.test_voice_processor import Line, Table


def live_messages(lines: Any, spans: Any) -> list[TranscriptMessage | TurnMessage]:
    """Lines and turns in the order in which they come: a turn when its speech has ended."""
    turns = [
        Turn("c", TurnKind.SPEECH, span, speaker) for speaker in Speaker for span in spans[speaker]
    ]
    records: list[TranscriptLine | Turn] = sorted(
        [*lines, *turns], key=lambda record: record.span.end_ms
    )
    return [
        TranscriptMessage.of(record)
        if isinstance(record, TranscriptLine)
        else TurnMessage.of(record)
        for record in records
    ]


def find_live(lines: Any, spans: Any) -> tuple[ChannelFault | None, int]:
    """The fault, and how many messages it took."""
    evidence = ChannelEvidence()
    for number, message in enumerate(live_messages(lines, spans), start=1):
        if evidence.add(message) and (fault := evidence.check()) is not None:
            return fault, number
    return None, 0


def test_exchanged_sides_are_found_before_the_call_is_half_over() -> None:
    for call in ("bank-ko", "card-en"):
        fault, count = find_live(words(call), exchanged_speech(call))
        assert fault is not None
        assert fault.evidence is FaultEvidence.WORDS_AGAINST_SOUND
        assert count <= 0.75 * len(live_messages(words(call), speech(call)))
        assert fault.at_ms < 60_000


def test_at_no_moment_of_a_call_that_is_right_its_sides_look_exchanged() -> None:
    for call in ("bank-ko", "card-en"):
        assert find_live(words(call), speech(call)) == (None, 0)


def test_what_is_remembered_of_a_call_is_bounded() -> None:
    evidence = ChannelEvidence()
    for number in range(3 * MAX_LINES):
        line = words("bank-ko")[0]
        evidence.add(
            TranscriptMessage.of(TranscriptLine("c", line.speaker, line.span, f"{number}"))
        )
    assert len(evidence.lines) == MAX_LINES


async def test_a_fault_is_said_once_and_outlives_the_worker() -> None:
    line, table = Line(), Table()
    fault = ChannelFault("c", FaultKind.EXCHANGED, FaultEvidence.AGENT_PHRASES, 9_000)
    faulty_calls = FaultyCalls(line, table)  # type: ignore[arg-type]
    assert not faulty_calls.is_faulty("c")
    await faulty_calls.report(fault, partition=0)
    await faulty_calls.report(fault, partition=0)
    (message,) = line.of(ChannelFaultMessage)
    assert message.record == fault
    assert FaultyCalls(Line(), table).is_faulty("c")  # type: ignore[arg-type]
    assert not faulty_calls.is_faulty("another")
