"""Whose voice is it? Keeps from each channel of a call what is only the other channel's sound.

Deterministic, also across a checkpoint: a segment is compared with audio from
`HISTORY_MS` before it on, which a worker that resumes reads again, and with `LeakState`, which
is a part of the checkpoint.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from detectors.utterance import SAMPLE_RATE, Speaker, TimeSpan
from detectors.voice.echo import EchoFinding, split_echo
from detectors.voice.echo_path import MAX_DELAY_MS, samples_after, samples_before
from detectors.voice.recent_audio import RecentAudio

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from detectors.voice.endpointing import SpeechSegment

    SpeakerSegment = tuple[Speaker, SpeechSegment]

HISTORY_MS: Final = MAX_DELAY_MS + 80
"""So much audio before a segment is compared with it, and must be read again on resuming."""

MIN_OWN_SPEECH_MS: Final = 2_000
"""A channel with as much speech that is not on the other one has a speaker of its own."""

MIN_SHARED_MS: Final = 20_000
MIN_SHARED_AT_END_MS: Final = 6_000
MIN_SHARED_RATIO: Final = 0.9
"""From here on a call is said to be one recording on both channels. Not before: an agent whose
voice leaks at full level may well speak for some time before the customer first does."""


@dataclass(frozen=True, slots=True)
class LeakState:
    """What earlier segments of a call said. A part of the checkpoint.

    Attributes:
        delays: of the echo on each channel, in samples; only channels that have one.
        own_ms: speech of each channel that is not on the other one.
        shared_ms: speech that is on both channels alike.
    """

    delays: Mapping[Speaker, int] = field(default_factory=dict)
    own_ms: Mapping[Speaker, int] = field(default_factory=dict)
    shared_ms: int = 0

    def is_one_sound(self, *, has_ended: bool = False) -> bool:
        """Whether both channels carry one recording, so that nobody knows who speaks."""
        speech_ms = self.shared_ms + sum(self.own_ms.values())
        least_ms = MIN_SHARED_AT_END_MS if has_ended else MIN_SHARED_MS
        return self.shared_ms >= max(least_ms, MIN_SHARED_RATIO * speech_ms)


class LeakFilter:
    """Compares what one channel carries with what the other carried."""

    def __init__(self, state: LeakState) -> None:
        self.state = state
        self._audio: defaultdict[Speaker, RecentAudio] = defaultdict(RecentAudio)

    def append(self, start_ms: int, sound: Mapping[Speaker, NDArray[np.int16]]) -> None:
        """Remember a chunk of the call for `split_own`."""
        for speaker, pcm in sound.items():
            self._audio[speaker].append(start_ms, pcm)

    def split_own(
        self, segments: Iterable[SpeakerSegment]
    ) -> tuple[list[SpeakerSegment], list[tuple[Speaker, TimeSpan]]]:
        """What of the segments their speakers said themselves.

        Args:
            segments: that ended in the chunk, whosever.

        Returns:
            The parts that are a speaker's own, by their ends; and the segments that were the
            other one's sound throughout.
        """
        own: list[SpeakerSegment] = []
        echoes: list[tuple[Speaker, TimeSpan]] = []
        for speaker, segment in sorted(segments, key=lambda pair: (pair[1].span.end_ms, pair[0])):
            finding = self._compare(speaker, segment)
            parts = self._decide(speaker, segment, finding)
            self._remember(speaker, segment, finding)
            own += [(speaker, part) for part in parts]
            if not parts:
                echoes.append((speaker, segment.span))
        return own, echoes

    def _compare(self, speaker: Speaker, segment: SpeechSegment) -> EchoFinding:
        if speaker.other not in self._audio:
            return EchoFinding((segment,))
        first = segment.span.start_ms * SAMPLE_RATE // 1000
        other = self._audio[speaker.other].read(
            first - samples_before(), first + len(segment.pcm) + samples_after()
        )
        return split_echo(segment, other, usual_delay=self.state.delays.get(speaker))

    def _decide(
        self, speaker: Speaker, segment: SpeechSegment, finding: EchoFinding
    ) -> tuple[SpeechSegment, ...]:
        """Whose a sound is that both channels carry alike.

        It belongs to who has nothing of their own elsewhere, where the other one has: then the
        other channel is a mix of both. Else it is taken for the agent's, who is never read.
        """
        if not finding.is_shared:
            return finding.own
        is_mix = {one: self.state.own_ms.get(one, 0) >= MIN_OWN_SPEECH_MS for one in Speaker}
        if is_mix[speaker] is is_mix[speaker.other]:
            return (segment,) if speaker is Speaker.AGENT else ()
        return () if is_mix[speaker] else (segment,)

    def _remember(self, speaker: Speaker, segment: SpeechSegment, finding: EchoFinding) -> None:
        state = self.state
        if finding.is_shared:
            # Both channels have it; it is counted once.
            if speaker is Speaker.CUSTOMER:
                state = replace(state, shared_ms=state.shared_ms + segment.span.duration_ms)
        elif finding.delay is None:
            own_ms = state.own_ms.get(speaker, 0) + segment.span.duration_ms
            state = replace(state, own_ms={**state.own_ms, speaker: own_ms})
        if finding.delay is not None and not finding.is_original:
            state = replace(state, delays={**state.delays, speaker: finding.delay})
        self.state = state
