"""Sounds that lines bring beside speech, made from rules and a seed.

Each kind takes a generator and a length in seconds and gives a wave of any level. Levels, codecs
and noise are put on later, by `detectors.corpora.telephone_channel`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from detectors.corpora.line_sounds import music, noises, tones, unseen
from detectors.voice.speech_gate import SoundKind

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from detectors.corpora.line_sounds.synthesis import Wave

    SoundMaker = Callable[[np.random.Generator, float], Wave]
    """Generator and seconds in, ``float64[samples]`` of any level out."""


@dataclass(frozen=True, slots=True)
class LineSound:
    """One kind of sound: what it is called, what it is, and how a wave of it is made."""

    name: str
    kind: SoundKind
    make: SoundMaker


_TONES: dict[str, SoundMaker] = {
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
_MUSIC: dict[str, SoundMaker] = {
    **{
        name: partial(music.solo, instrument=instrument)
        for name, instrument in music.INSTRUMENTS.items()
    },
    "pop with drums": music.band,
    "drum loop": music.drums,
    "percussion": music.percussion,
    "guitar strum": music.guitar_strum,
}
_NOISES: dict[str, SoundMaker] = {
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
    "texture": noises.texture,
    "buzz": noises.buzz,
}

_UNSEEN_TONES: dict[str, SoundMaker] = {
    "phone melody": unseen.phone_melody,
    "alarm clock": unseen.alarm_clock,
    "morse code": unseen.morse_code,
    "truck reverse": unseen.truck_reverse,
    "theremin": unseen.theremin,
}
_UNSEEN_MUSIC: dict[str, SoundMaker] = {
    "electric piano": unseen.electric_piano,
    "accordion": unseen.accordion,
    "zither": unseen.zither,
    "bagpipe": unseen.bagpipe,
    "hand drums": unseen.hand_drums,
    "choir": unseen.choir,
    "electronic dance": unseen.electronic_dance,
}
_UNSEEN_NOISES: dict[str, SoundMaker] = {
    "ocean": unseen.ocean,
    "fire": unseen.fire,
    "helicopter": unseen.helicopter,
    "engine": unseen.engine,
    "typewriter": unseen.typewriter,
    "snore": unseen.snore,
    "footsteps": unseen.footsteps,
    "birds": unseen.birds,
    "crickets": unseen.crickets,
    "washing machine": unseen.washing_machine,
    "paper": unseen.paper,
    "dishes": unseen.dishes,
    "water": unseen.water,
    "saw": unseen.saw,
    "radio static": unseen.radio_static,
    "sniff": unseen.sniff,
}


def _list_sounds(
    makers_by_kind: dict[SoundKind, dict[str, SoundMaker]],
) -> tuple[LineSound, ...]:
    return tuple(
        LineSound(name, kind, make)
        for kind, makers in makers_by_kind.items()
        for name, make in makers.items()
    )


LINE_SOUNDS = _list_sounds(
    {SoundKind.TONE: _TONES, SoundKind.MUSIC: _MUSIC, SoundKind.NOISE: _NOISES}
)
"""The kinds that the gate is taught, in a fixed order."""

UNSEEN_SOUNDS = _list_sounds(
    {
        SoundKind.TONE: _UNSEEN_TONES,
        SoundKind.MUSIC: _UNSEEN_MUSIC,
        SoundKind.NOISE: _UNSEEN_NOISES,
    }
)
"""Kinds that only measure: no scene of training holds them."""
