"""Sounds that lines bring beside speech, made from rules and a seed.

Each kind takes a generator and a length in seconds and gives a wave of any level. Levels, codecs
and noise are put on later, by `detectors.corpora.telephone_channel`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from detectors.corpora.line_sounds import music, noises, tones
from detectors.voice.speech_gate import SoundKind

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from detectors.corpora.line_sounds.synthesis import Wave


@dataclass(frozen=True, slots=True)
class LineSound:
    """One kind of sound.

    Attributes:
        held_out: never in training, so that it shows how the gate takes what is new to it.
    """

    name: str
    kind: SoundKind
    make: Callable[[np.random.Generator, float], Wave]
    held_out: bool = False


_HELD_OUT = {
    "fax", "special information tone", "call waiting", "siren",
    "strings", "music box", "brass", "guitar strum",
    "wind", "rain", "cough", "applause", "bark",
}  # fmt: skip

_TONES = {
    "ring-back": partial(tones.call_progress, table=tones.RING_BACK),
    "busy": partial(tones.call_progress, table=tones.BUSY),
    "dial tone": partial(tones.call_progress, table=tones.DIAL),
    "call waiting": partial(tones.call_progress, table=tones.CALL_WAITING),
    "special information tone": tones.special_information,
    "keypad": tones.keypad,
    "trunk digits": tones.trunk_digits,
    "fax": tones.fax,
    "modem": tones.modem,
    "beeps": tones.random_beeps,
    "chime": tones.chime,
    "siren": tones.siren,
}
_MUSIC = {
    **{
        name: partial(music.solo, instrument=instrument)
        for name, instrument in music.INSTRUMENTS.items()
    },
    "pop with drums": music.band,
    "drum loop": music.drums,
    "guitar strum": music.guitar_strum,
}
_NOISES = {
    "hiss": noises.hiss,
    "hum": noises.hum,
    "car": noises.car,
    "wind": noises.wind,
    "rain": noises.rain,
    "clicks": noises.clicks,
    "keyboard": noises.keyboard,
    "breath": noises.breath,
    "cough": noises.cough,
    "machine": noises.machine,
    "traffic": noises.traffic,
    "handset": noises.handset_noise,
    "applause": noises.applause,
    "radio pulses": noises.radio_pulses,
    "dropouts": noises.dropouts,
    "bark": noises.bark,
}

LINE_SOUNDS = tuple(
    LineSound(name, kind, make, held_out=name in _HELD_OUT)
    for kind, makers in (
        (SoundKind.TONE, _TONES),
        (SoundKind.MUSIC, _MUSIC),
        (SoundKind.NOISE, _NOISES),
    )
    for name, make in makers.items()
)
"""Every kind, in a fixed order."""
