"""The agent's words that a customer's line may repeat are known before their turn comes."""

from __future__ import annotations

import asyncio

from detectors.utterance import Speaker, TimeSpan, TranscriptLine
from detectors.voice.call_segmenter import SpeechProgress
from streams.advise.call_state import NO_EVIDENCE
from streams.advise.line_witness import LineWitness
from streams.kafka.record import Record
from streams.messages.calls import TranscriptMessage
from streams.processing.voice_activity import VoiceActivityLog
from streams.topics import TRANSCRIPTS

WORDS = "혹시 많이 힘드신 것 같은데 괜찮으신가요"


def line(start_ms: int, by: Speaker, *, final: bool = True) -> TranscriptLine:
    return TranscriptLine("call-1", by, TimeSpan(start_ms, start_ms + 2_000), WORDS, final=final)


CUSTOMER, AGENT = line(2_300, Speaker.CUSTOMER), line(2_000, Speaker.AGENT)


def record(of: TranscriptLine) -> Record:
    message = TranscriptMessage.of(of)
    headers = message.headers(source="test", time=None)
    return Record(TRANSCRIPTS, 0, 1, message.key.encode(), message.value(), headers)


def find_others(*noted: TranscriptLine) -> tuple[TranscriptLine, ...]:
    witness = LineWitness(VoiceActivityLog())
    for each in noted:
        witness.note(record(each))
    return asyncio.run(witness.find_evidence(CUSTOMER)).others


def test_only_final_lines_of_the_agent_are_noted() -> None:
    assert find_others(CUSTOMER, line(2_000, Speaker.AGENT, final=False)) == ()
    assert [each.text for each in find_others(AGENT)] == [WORDS]


def test_a_line_waits_for_the_agents_of_the_same_moment() -> None:
    async def wait() -> bool:
        witness = LineWitness(VoiceActivityLog())
        waiting = asyncio.create_task(witness.wait_for_agent(CUSTOMER, NO_EVIDENCE))
        await asyncio.sleep(0)
        witness.note(record(AGENT))
        return await waiting

    assert asyncio.run(wait())


def test_another_moment_of_the_agent_ends_no_wait() -> None:
    async def wait() -> bool:
        witness = LineWitness(VoiceActivityLog())
        witness.note(record(line(60_000, Speaker.AGENT)))
        return await witness.wait_for_agent(CUSTOMER, NO_EVIDENCE)

    assert not asyncio.run(wait())


def test_a_line_whose_speaker_was_heard_waits_for_nobody() -> None:
    log = VoiceActivityLog()
    log.update("call-1", [SpeechProgress(Speaker.CUSTOMER, 0, 9_000, 2_000)], ())
    witness = LineWitness(log)

    async def ask() -> bool:
        evidence = await witness.find_evidence(CUSTOMER)
        assert evidence.is_vouched
        return await witness.wait_for_agent(CUSTOMER, evidence)

    assert not asyncio.run(ask())


def test_without_a_log_nothing_is_known() -> None:
    witness = LineWitness(None)
    witness.note(record(AGENT))
    assert asyncio.run(witness.find_evidence(CUSTOMER)) == NO_EVIDENCE
