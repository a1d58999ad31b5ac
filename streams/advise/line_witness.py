"""What else is known of a customer's line: who was heard there, what the agent says meanwhile."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from detectors.line_ledger import ECHO_LAG_MS
from detectors.utterance import Speaker
from streams.advise.call_state import NO_EVIDENCE, LineEvidence
from streams.cloudevents import MessageError
from streams.messages.calls import TranscriptMessage
from streams.processing.ordered_stream import decode_record

if TYPE_CHECKING:
    from detectors.utterance import TranscriptLine
    from streams.kafka.record import Record
    from streams.processing.voice_activity import VoiceActivityLog

SILENCE_TIMEOUT_S = 1.0
"""A line over what seems to be silence waits at most this long for the audio to come so far."""

ECHO_TIMEOUT_S = 0.5
"""A line that would alert, and of which nobody was heard, waits at most this long for the agent's
own line: recognisers finish the two channels at about the same time."""

MAX_CALLS = 1_024
MAX_AGENT_LINES = 4


@dataclass(slots=True)
class _AgentLines:
    """The newest final lines of one call's agent, also those that wait for their turn."""

    lines: deque[TranscriptLine] = field(default_factory=lambda: deque(maxlen=MAX_AGENT_LINES))
    arrival: asyncio.Event = field(default_factory=asyncio.Event)


class LineWitness:
    """Answers for the lines of the calls under way. In memory, bounded.

    Without an activity log (a test, a call that is played again) it knows nothing, and nobody
    waits.
    """

    def __init__(self, activity: VoiceActivityLog | None) -> None:
        self._activity = activity
        self._agents: OrderedDict[str, _AgentLines] = OrderedDict()

    def note(self, record: Record) -> None:
        """Look at a line as it arrives, before its turn: it may tell of one that is waiting."""
        if self._activity is None or b'"agent"' not in record.value:
            return
        with suppress(MessageError):  # whose turn it is says so
            line = decode_record(TranscriptMessage, record).record
            if line.final and line.speaker is Speaker.AGENT:
                agent = self._find_agent(line.call_id)
                agent.lines.append(line)
                agent.arrival.set()

    async def find_evidence(self, line: TranscriptLine) -> LineEvidence:
        """What is known of a customer's line. Only one that looks made up waits for its audio."""
        if self._activity is None:
            return NO_EVIDENCE
        is_silent = await self._activity.is_silent(line, timeout_s=SILENCE_TIMEOUT_S)
        evidence = LineEvidence(is_silent=is_silent, is_vouched=self._activity.is_vouched(line))
        return self.add_agent_lines(line, evidence)

    def add_agent_lines(self, line: TranscriptLine, evidence: LineEvidence) -> LineEvidence:
        """With the agent's lines that have arrived."""
        agent = self._agents.get(line.call_id)
        return replace(evidence, others=tuple(agent.lines)) if agent else evidence

    async def wait_for_agent(self, line: TranscriptLine, evidence: LineEvidence) -> bool:
        """Wait for an agent's line of the same moment; whether one came in time."""
        if self._activity is None or evidence.is_vouched or _has_moment(evidence.others, line):
            return False
        agent = self._find_agent(line.call_id)
        try:
            async with asyncio.timeout(ECHO_TIMEOUT_S):
                while not _has_moment(agent.lines, line):
                    agent.arrival.clear()
                    await agent.arrival.wait()
        except TimeoutError:
            return False
        return True

    def _find_agent(self, call_id: str) -> _AgentLines:
        agent = self._agents.pop(call_id, None) or _AgentLines()
        self._agents[call_id] = agent
        while len(self._agents) > MAX_CALLS:
            self._agents.popitem(last=False)
        return agent


def _has_moment(
    agent_lines: tuple[TranscriptLine, ...] | deque[TranscriptLine], line: TranscriptLine
) -> bool:
    """Whether the agent's words of a line's moment are known."""
    return any(other.span.gap_ms(line.span) <= ECHO_LAG_MS for other in agent_lines)
