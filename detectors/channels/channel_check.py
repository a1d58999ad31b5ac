"""Do the words of a call lie on the side that spoke them? Pure: lines and speech in, a fault out.

Two independent findings. The lines of one speaker fall where the other channel speaks and their
own is quiet, whatever the clocks of recogniser and recorder are apart: for each line the share of
its time in which each channel spoke, at the offset that explains most lines. Or the greeting of a
call centre stands on the customer's side, and none of its words on the agent's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detectors.channels.agent_phrases import (
    GreetingPart,
    find_greeting_parts,
    is_agent_phrase,
)
from detectors.channels.channel_fault import ChannelFault, FaultEvidence, FaultKind, last_end_ms
from detectors.channels.speech_timeline import SpeechTimeline
from detectors.utterance import Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.utterance import TimeSpan, TranscriptLine

MIN_LINES: Final = 6
"""Fewer lines fall by chance where the other one speaks."""

MIN_LINE_MS: Final = 400
MAX_LINE_MS: Final = 20_000
"""Shorter lines are anywhere, longer ones everywhere."""

MIN_CHANNEL_SPEECH_MS: Final = 2_000
"""A channel that carries less may be dead; then nothing says that it is exchanged."""

MIN_MEAN_MARGIN: Final = 0.35
"""Speech of the other channel less that of the own one, of a line's time, in the mean."""

CLEAR_MARGIN: Final = 0.3
MIN_CLEAR_RATIO: Final = 0.65
"""So many of the lines must say so: a few may be of the wrong speaker."""

MIN_LEAD: Final = 0.05
"""By so much more than by lines that are merely late."""

CLOCK_OFFSETS_MS: Final = np.arange(-1_500, 1_501, 100)
LATE_OFFSETS_MS: Final = np.arange(-8_000, 8_001, 200)
"""Where lines on their right side may lie: recognisers stamp late, files begin early."""

GREETING_LINES: Final = 4
GREETING_UNTIL_MS: Final = 90_000
MIN_OTHER_LINES: Final = 2
MIN_AGENT_PHRASES: Final = 2


def check_channels(
    lines: Iterable[TranscriptLine], speech: Mapping[Speaker, Sequence[TimeSpan]]
) -> ChannelFault | None:
    """Look for sides that are exchanged.

    Args:
        lines: final lines of one call, in any order; lines without a length say nothing of time.
        speech: when each channel carried speech, as far as the call has been listened to.

    Returns:
        The fault; ``None`` where nothing speaks for one, or not enough does.
    """
    final = sorted((line for line in lines if line.final), key=lambda line: line.span.start_ms)
    if not final:
        return None
    timeline = SpeechTimeline(speech)
    if _is_against_sound(final, timeline):
        return _build_fault(final, FaultEvidence.WORDS_AGAINST_SOUND)
    if _has_agent_greeting(final, timeline):
        return _build_fault(final, FaultEvidence.AGENT_PHRASES)
    return None


def _build_fault(lines: list[TranscriptLine], evidence: FaultEvidence) -> ChannelFault:
    return ChannelFault(lines[0].call_id, FaultKind.EXCHANGED, evidence, last_end_ms(lines))


def _is_against_sound(lines: list[TranscriptLine], timeline: SpeechTimeline) -> bool:
    timed = [line for line in lines if MIN_LINE_MS <= line.span.duration_ms <= MAX_LINE_MS]
    if len(timed) < MIN_LINES or any(
        timeline.speech_ms(speaker) < MIN_CHANNEL_SPEECH_MS for speaker in Speaker
    ):
        return False
    margins = _margins(timed, timeline, CLOCK_OFFSETS_MS)
    best = int(margins.mean(axis=0).argmax())
    mean = float(margins[:, best].mean())
    clear_ratio = float((margins[:, best] >= CLEAR_MARGIN).mean())
    own = -_margins(timed, timeline, LATE_OFFSETS_MS)
    return (
        mean >= MIN_MEAN_MARGIN
        and clear_ratio >= MIN_CLEAR_RATIO
        and mean >= float(own.mean(axis=0).max()) + MIN_LEAD
    )


def _margins(
    lines: list[TranscriptLine], timeline: SpeechTimeline, offsets_ms: NDArray[np.int64]
) -> NDArray[np.float64]:
    """``float64[lines, offsets]``, 1: only the other channel speaks there; -1: only its own."""
    margins = np.empty((len(lines), len(offsets_ms)))
    for speaker in Speaker:
        rows = [index for index, line in enumerate(lines) if line.speaker is speaker]
        if rows:
            spans = [lines[index].span for index in rows]
            margins[rows] = timeline.share(speaker.other, spans, offsets_ms) - timeline.share(
                speaker, spans, offsets_ms
            )
    return margins


def _has_agent_greeting(lines: list[TranscriptLine], timeline: SpeechTimeline) -> bool:
    customer, agent = (
        [line for line in lines if line.speaker is speaker]
        for speaker in (Speaker.CUSTOMER, Speaker.AGENT)
    )
    if any(is_agent_phrase(line.text) or _is_greeting(line.text) for line in agent):
        return False
    first = [
        line
        for line in customer[:GREETING_LINES]
        if line.span.start_ms <= GREETING_UNTIL_MS and not _is_misattributed(line, timeline)
    ]
    phrases = sum(is_agent_phrase(line.text) for line in customer)
    greets = _is_greeting(" ".join(line.text for line in first[:2])) or any(
        _is_greeting(line.text) for line in first
    )
    offers = any(
        find_greeting_parts(line.text) & {GreetingPart.OFFER, GreetingPart.THANKS} for line in first
    )
    has_others = len(agent) >= MIN_OTHER_LINES
    return (greets and has_others) or (
        (greets or offers) and phrases >= MIN_AGENT_PHRASES and (has_others or not agent)
    )


def _is_greeting(text: str) -> bool:
    return len(find_greeting_parts(text)) >= 2  # noqa: PLR2004  (of the three parts)


def _is_misattributed(line: TranscriptLine, timeline: SpeechTimeline) -> bool:
    """One line that stands where the other channel speaks is that one's, and no more than that."""
    if line.span.duration_ms < MIN_LINE_MS:
        return False
    margin = _margins([line], timeline, CLOCK_OFFSETS_MS[[10, 15, 20]])
    return bool(margin.min() >= CLEAR_MARGIN)
