"""Made-up voices for tests, as utterances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.utterance import SAMPLE_RATE, Speaker, SpeakerBaseline, TimeSpan, Utterance
from detectors.voice.external.test_signals import synthesise_voice
from detectors.voice.speech_gate import SoundKind, SoundSpan, SpeechGate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["OpenGate", "synthesise_voice", "utterance"]


class OpenGate(SpeechGate):
    """Takes everything for speech: a made-up voice is none to the shipped gate."""

    def __init__(self) -> None:
        super().__init__({})

    def split(self, pcm: NDArray[np.int16]) -> tuple[SoundSpan, ...]:
        return (SoundSpan(TimeSpan(0, pcm.size * 1_000 // SAMPLE_RATE), SoundKind.SPEECH),)


def utterance(
    pcm: NDArray[np.int16] | None = None,
    *,
    speaker: Speaker = Speaker.CUSTOMER,
    baseline: SpeakerBaseline = SpeakerBaseline(),  # noqa: B008 - frozen
) -> Utterance:
    """Wrap sound as an utterance at the start of a call."""
    pcm = synthesise_voice() if pcm is None else pcm
    span = TimeSpan(0, pcm.size * 1_000 // SAMPLE_RATE)
    return Utterance("call-1", speaker, span, pcm, baseline=baseline)
