"""How much of what is no speech is read as speech, without the gate and with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.corpora.line_sounds import LINE_SOUNDS, UNSEEN_SOUNDS, LineSound, music, voices
from detectors.corpora.line_sounds.synthesis import coloured_noise, normalise
from detectors.corpora.loudness import cut_silence
from detectors.corpora.telephone_channel import Codec, apply_codec
from detectors.voice.endpointing import Endpointer
from detectors.voice.speech_gate import SoundKind, SpeechGate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.corpora.line_sounds.synthesis import Wave

CLIP_SECONDS = 10.0
CODECS = (Codec.NONE, Codec.MULAW, Codec.ALAW)

_SEED = 40
"""Another than training's: no clip is one that taught the gate."""


@dataclass(frozen=True, slots=True)
class SoundFigures:
    """What became of the clips of one kind of sound.

    Attributes:
        taught: whether training draws from the same recipe (with other seeds).
        seconds: of all clips.
        clips_before, clips_after: in which anything is speech: to voice activity, to the gate.
        speech_s_before, speech_s_after: seconds of speech in them.
    """

    name: str
    kind: SoundKind
    taught: bool
    clips: int
    seconds: float
    clips_before: int
    clips_after: int
    speech_s_before: float
    speech_s_after: float

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a JSON file."""
        return {
            "name": self.name, "kind": self.kind.value, "taught": self.taught,
            "clips": self.clips, "seconds": self.seconds,
            "clips_before": self.clips_before, "clips_after": self.clips_after,
            "speech_s_before": self.speech_s_before, "speech_s_after": self.speech_s_after,
        }  # fmt: skip


def try_sounds(
    gate: SpeechGate, speech: Sequence[NDArray[np.int16]], clips: int
) -> Iterator[SoundFigures]:
    """Make clips of every kind and put them through voice activity and the gate.

    Args:
        gate: to measure.
        speech: clips whose syllables are sung; without any nothing is sung.
        clips: of each kind.
    """
    for sounds, taught in ((LINE_SOUNDS, True), (UNSEEN_SOUNDS, False)):
        for number, sound in enumerate(sounds):
            waves = (
                sound.make(np.random.default_rng([_SEED, taught, number, clip]), CLIP_SECONDS)
                for clip in range(clips)
            )
            yield _measure(gate, sound, waves, taught=taught)
    if speech:
        song = LineSound(
            "song with band", SoundKind.MUSIC, lambda rng, s: render_band_song(rng, s, speech)
        )
        waves = (
            song.make(np.random.default_rng([_SEED, clip]), CLIP_SECONDS) for clip in range(clips)
        )
        yield _measure(gate, song, waves, taught=True)


def render_band_song(
    rng: np.random.Generator, seconds: float, speech: Sequence[NDArray[np.int16]]
) -> Wave:
    """A voice that sings the syllables of a clip, with a band as loud or softer."""
    clip = cut_silence(speech[int(rng.integers(len(speech)))].astype(np.float64))
    band = normalise(music.band(rng, seconds))
    return normalise(voices.render_song(rng, seconds, clip)) + rng.uniform(0.4, 1) * band


def _measure(
    gate: SpeechGate, sound: LineSound, waves: Iterator[Wave], *, taught: bool
) -> SoundFigures:
    before, after, seconds = [], [], 0.0
    for number, wave in enumerate(waves):
        pcm = _put_on_line(np.random.default_rng([_SEED, number]), wave)
        before_ms, after_ms = speech_durations_ms(gate, pcm)
        before.append(before_ms)
        after.append(after_ms)
        seconds += CLIP_SECONDS
    return SoundFigures(
        sound.name, sound.kind, taught, len(before), seconds,
        sum(ms > 0 for ms in before), sum(ms > 0 for ms in after),
        sum(before) / 1_000, sum(after) / 1_000,
    )  # fmt: skip


def speech_durations_ms(gate: SpeechGate, pcm: NDArray[np.int16]) -> tuple[int, int]:
    """Milliseconds of speech in ``pcm int16[samples]``: to voice activity, and to the gate."""
    endpointer = Endpointer()
    segments = endpointer.feed(pcm) + endpointer.finish()
    spans = [part for segment in segments for part in gate.split(segment.pcm)]
    speech_ms = sum(part.span.duration_ms for part in spans if part.kind is SoundKind.SPEECH)
    return sum(segment.span.duration_ms for segment in segments), speech_ms


def _put_on_line(rng: np.random.Generator, wave: Wave) -> NDArray[np.int16]:
    """Levels from -35 to -6 dB, a faint floor of noise, each codec in turn."""
    level = 10 ** (rng.uniform(-35, -6) / 20) * 32_768
    floor = coloured_noise(rng, wave.size, rng.uniform(0, 1)) * 10 ** (rng.uniform(-50, -30) / 20)
    pcm = np.clip(np.rint(level * (normalise(wave) + floor)), -32_768, 32_767).astype(np.int16)
    return apply_codec(pcm, CODECS[int(rng.integers(len(CODECS)))])
