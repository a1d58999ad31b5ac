"""Before a recording is played: do its words lie on the channels that spoke them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.channels.channel_check import check_channels
from detectors.channels.channel_fault import FaultEvidence
from detectors.utterance import SAMPLE_RATE, Speaker, TurnKind
from detectors.voice.call_segmenter import CallSegmenter

if TYPE_CHECKING:
    from detectors.utterance import TimeSpan, Turn
    from streams.ingest.replay.played_call import ReplayCall
    from streams.ingest.replay.recording import Recording

CHECKED_MS = 10 * 60_000
"""So much of a recording is looked at: sides that are right for ten minutes are right."""

_CHUNK = SAMPLE_RATE // 5

_BECAUSE = {
    FaultEvidence.WORDS_AGAINST_SOUND: "the words of each speaker fall where the other channel "
    "speaks",
    FaultEvidence.AGENT_PHRASES: "the customer greets like an agent, and the agent does not",
}


def describe_exchange(call: ReplayCall) -> str | None:
    """What to tell before playing a call whose sides look exchanged; ``None`` where none do."""
    if not call.lines or not call.sheet.analysis_consent:
        return None
    lines = [line for line in call.lines if line.span.end_ms <= CHECKED_MS]
    fault = check_channels(lines, find_speech(call.recording))
    if fault is None:
        return None
    right = "left" if call.sheet.customer_channel == "right" else "right"
    return (
        f"{call.name}: THE CHANNELS LOOK EXCHANGED: {_BECAUSE[fault.evidence]}; the agent would be "
        "taken for the customer, so no emotion is read once the pipeline notices; play it again "
        f'with --customer-channel {right}, or write "customer_channel": "{right}" in its call '
        "sheet; where the sound is right, exchange the speakers of its transcript"
    )


def find_speech(recording: Recording) -> dict[Speaker, list[TimeSpan]]:
    """When each speaker spoke, as the worker will find it."""
    segmenter = CallSegmenter("call")
    samples = recording.samples[: CHECKED_MS * SAMPLE_RATE // 1000]
    turns: list[Turn] = []
    for first in range(0, len(samples), _CHUNK):
        chunk = samples[first : first + _CHUNK]
        channels = {speaker: chunk[:, column] for column, speaker in enumerate(recording.speakers)}
        turns += segmenter.feed(first * 1000 // SAMPLE_RATE, channels).turns
    turns += segmenter.finish().turns
    speech = [turn for turn in turns if turn.kind is TurnKind.SPEECH]
    return {speaker: [t.span for t in speech if t.speaker is speaker] for speaker in Speaker}
