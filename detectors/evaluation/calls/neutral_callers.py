"""Neutral callers behind what telephone lines carry: ring-back, hold music, the agent's echo.

Two-channel calls strung together from neutral clips: one speaker is the customer, the next one
the agent, and they take turns. Whatever level such a call reaches is a false one. No torch.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.corpora import load_sound
from detectors.corpora.line_sounds.music import band
from detectors.corpora.line_sounds.tones import RING_BACK, call_progress
from detectors.corpora.telephone_channel import Codec, apply_codec, gain_for_level
from detectors.labels import Emotion
from detectors.utterance import SAMPLE_RATE, Language, Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.manifests import ManifestRow

CORPORA = ("korean_emotional", "korean_plain", "ravdess", "emodb")
UNLABELLED_CORPUS = "korean_plain"
MIN_CLIPS, MAX_CLIPS = 4, 8
"""Clips of a customer in one call."""
PAUSE_MS = 600
LEVEL_DB = -24.0
FLOOR_DB = -66.0
"""Of the line's own noise: a channel in use is never digitally silent."""
ECHO_DELAY_MS = 180


class LineCondition(StrEnum):
    """What else is on the customer's channel."""

    CLEAN = "clean"
    RING_ONCE = "one ring before"
    RING_BACK = "24 s of ring-back before"
    HOLD_MUSIC = "30 s of hold music amid"
    ECHO_10 = "agent's echo at -10 dB"
    ECHO_20 = "agent's echo at -20 dB"
    ECHO_30 = "agent's echo at -30 dB"


ECHO_DB = {
    LineCondition.ECHO_10: -10.0,
    LineCondition.ECHO_20: -20.0,
    LineCondition.ECHO_30: -30.0,
}


@dataclass(frozen=True, slots=True, eq=False)
class NeutralCall:
    """One made call.

    Attributes:
        channels: ``int16[samples]`` at `SAMPLE_RATE` for each speaker, equally long.
        speech_ms: of the customer's clips alone.
    """

    name: str
    condition: LineCondition
    language: Language
    channels: Mapping[Speaker, NDArray[np.int16]]
    speech_ms: int


def build_neutral_calls(
    root: Path, rows: Iterable[ManifestRow], *, callers: int
) -> list[NeutralCall]:
    """Build one call a speaker and condition.

    Args:
        root: folder that the rows' paths are relative to.
        rows: of the manifests of `CORPORA`.
        callers: speakers at most, Korean ones first.

    Returns:
        Calls of ``callers`` speakers, as far as so many have `MIN_CLIPS` neutral clips.
    """
    speakers = _group_neutral_rows(rows)
    pairs = [*pairwise(speakers), (speakers[-1], speakers[0])][:callers] if speakers else []
    return [
        call
        for number, (customer, agent) in enumerate(pairs)
        for call in _build_calls(root, customer, agent, np.random.default_rng(number))
    ]


def _group_neutral_rows(rows: Iterable[ManifestRow]) -> list[list[ManifestRow]]:
    by_speaker: dict[tuple[str, str], list[ManifestRow]] = defaultdict(list)
    for row in rows:
        if row["corpus"] == UNLABELLED_CORPUS or row["emotion"] == Emotion.NEUTRAL:
            by_speaker[row["corpus"], row["speaker"]].append(row)
    return [
        by_speaker[key]
        for key in sorted(by_speaker, key=lambda key: (CORPORA.index(key[0]), key[1]))
        if len(by_speaker[key]) >= MIN_CLIPS
    ]


def _build_calls(
    root: Path,
    customer_rows: Sequence[ManifestRow],
    agent_rows: Sequence[ManifestRow],
    rng: np.random.Generator,
) -> list[NeutralCall]:
    clips = {
        Speaker.CUSTOMER: _load_clips(root, customer_rows, rng),
        Speaker.AGENT: _load_clips(root, agent_rows, rng),
    }
    first_row = customer_rows[0]
    language = Language.KOREAN if first_row["language"] == "ko" else Language.ENGLISH
    speech = sum(clip.size for clip in clips[Speaker.CUSTOMER])
    return [
        NeutralCall(
            name=f"{first_row['corpus']}/{first_row['speaker']}",
            condition=condition,
            language=language,
            channels=_finish_line(_lay_out(clips, condition, rng), rng),
            speech_ms=speech * 1_000 // SAMPLE_RATE,
        )
        for condition in LineCondition
    ]


def _load_clips(
    root: Path, rows: Sequence[ManifestRow], rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    chosen = rng.permutation(len(rows))[:MAX_CLIPS]
    clips = [load_sound(root / rows[index]["path"]) for index in chosen]
    gain = gain_for_level(LEVEL_DB, np.concatenate(clips))
    return [clip.astype(np.float32) * gain for clip in clips]


def _lay_out(
    clips: Mapping[Speaker, Sequence[NDArray[np.float32]]],
    condition: LineCondition,
    rng: np.random.Generator,
) -> dict[Speaker, NDArray[np.float32]]:
    """Both channels: the agent speaks, the customer answers; where the condition is, its sound."""
    parts: dict[Speaker, list[NDArray[np.float32]]] = {speaker: [] for speaker in Speaker}

    def add(speaker: Speaker, sound: NDArray[np.float32]) -> None:
        silence = np.zeros_like(sound)
        pause = _silence(PAUSE_MS)
        parts[speaker] += [sound, pause]
        parts[speaker.other] += [silence, pause]

    if condition in {LineCondition.RING_ONCE, LineCondition.RING_BACK}:
        add(Speaker.CUSTOMER, _ring(condition, rng))
    for number, customer_clip in enumerate(clips[Speaker.CUSTOMER]):
        agent_clips = clips[Speaker.AGENT]
        add(Speaker.AGENT, agent_clips[number % len(agent_clips)])
        add(Speaker.CUSTOMER, customer_clip)
        if condition is LineCondition.HOLD_MUSIC and number == len(clips[Speaker.CUSTOMER]) // 2:
            add(Speaker.CUSTOMER, _at_level(band(rng, 30.0)))
    channels = {speaker: np.concatenate(sounds) for speaker, sounds in parts.items()}
    if condition in ECHO_DB:
        echo = np.roll(channels[Speaker.AGENT], ECHO_DELAY_MS * SAMPLE_RATE // 1_000)
        gain = np.float32(10 ** (ECHO_DB[condition] / 20))
        channels[Speaker.CUSTOMER] = channels[Speaker.CUSTOMER] + echo * gain
    return channels


def _ring(condition: LineCondition, rng: np.random.Generator) -> NDArray[np.float32]:
    seconds = 24.0 if condition is LineCondition.RING_BACK else 3.0
    return _at_level(call_progress(rng, seconds, RING_BACK))


def _at_level(sound: NDArray[np.floating]) -> NDArray[np.float32]:
    pcm = np.clip(np.rint(sound * 32_767), -32_768, 32_767).astype(np.int16)
    return np.asarray(pcm * gain_for_level(LEVEL_DB, pcm), dtype=np.float32)


def _silence(duration_ms: int) -> NDArray[np.float32]:
    return np.zeros(duration_ms * SAMPLE_RATE // 1_000, dtype=np.float32)


def _finish_line(
    channels: Mapping[Speaker, NDArray[np.float32]], rng: np.random.Generator
) -> dict[Speaker, NDArray[np.int16]]:
    """The line's own noise, and G.711 on both channels."""
    floor = 32_768 * 10 ** (FLOOR_DB / 20)
    return {
        speaker: apply_codec(
            np.clip(
                np.rint(sound + floor * rng.standard_normal(sound.size)), -32_768, 32_767
            ).astype(np.int16),
            Codec.MULAW,
        )
        for speaker, sound in channels.items()
    }
