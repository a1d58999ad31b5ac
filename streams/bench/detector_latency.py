"""How long one reading takes, features and all, with the detectors as they ship."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import soundfile as sf

from detectors.text.model import detect_language
from detectors.text.normalising import has_words
from detectors.utterance import SAMPLE_RATE, Language, Speaker, TimeSpan, TranscriptLine, Utterance
from detectors.voice.external.test_signals import synthesise_voice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.text.model import TextEmotion

UTTERANCE_SECONDS = (1, 3, 8)
VOICE_TARGET_MS = {3: 8.0}
TEXT_TARGET_MS = 3.0
"""99th percentiles that issue 4 asks for, on one core."""

GATE_TARGET_MS_PER_S = 0.3
"""What the speech gate may cost for each second that voice activity lets through."""

WARM_UP = 20
"""Readings before the clock counts: the runtime plans its memory in the first ones."""

CLIPS = ("calls/auto_repairs_40.flac", "calls/agent_only.flac")
"""Of the shared data: real talk, cut at every step of its length."""

LINES: Mapping[Language, tuple[str, ...]] = {
    Language.KOREAN: (
        "여보세요, 카드 결제가 두 번 됐는데요.",
        "네, 어제 저녁 여덟 시쯤이요.",
        "아니 지금 세 번째 전화하는 건데 왜 아무도 모른다고만 해요?",
        "진짜 짜증나네요. 팀장 바꿔 주세요.",
        "이러면 금융감독원에 민원 넣을 수밖에 없어요.",
        "아 네, 그러면 언제까지 기다리면 되나요?",
        "죄송한데 잘 안 들려서요, 다시 한번 말씀해 주시겠어요?",
        "감사합니다. 덕분에 잘 해결됐어요 ㅎㅎ",
    ),
    Language.ENGLISH: (
        "Hello, I was charged twice for the same order.",
        "Yes, that was yesterday, around eight in the evening.",
        "This is the third time I am calling and nobody knows anything!",
        "I am really fed up with this. Let me speak to your manager.",
        "Then I will have to file a complaint with the regulator.",
        "Okay, and how long do I have to wait for that?",
        "Sorry, the line is bad, could you say that again please?",
        "Thank you so much, that was very helpful.",
    ),
}
"""Made-up lines, as long as customers' are: for a machine without the shared data."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ReadingCost:
    """What one kind of reading costs.

    Attributes:
        wall_ms: time that passed, one a reading. On a shared machine others' work is in it.
        cpu_ms: time that this process computed, one a reading, all its threads together.
        target_ms: what the 99th percentile should be at most; ``None`` where nobody said.
    """

    name: str
    wall_ms: tuple[float, ...]
    cpu_ms: tuple[float, ...]
    target_ms: float | None = None

    def is_met(self, *, cpu: bool = False) -> bool | None:
        """Whether the 99th percentile keeps to the aim; ``None`` where there is none."""
        return None if self.target_ms is None else self.percentile(99, cpu=cpu) <= self.target_ms

    def percentile(self, of_100: int, *, cpu: bool = False) -> float:
        """A percentile in ms."""
        return float(np.percentile(self.cpu_ms if cpu else self.wall_ms, of_100))


def measure_readings(  # noqa: PLR0913 - what a measurement is made of
    name: str,
    read: Callable[[Item], object],
    items: Sequence[Item],
    *,
    readings: int,
    target_ms: float | None = None,
    prepare: Callable[[Item], None] = lambda _: None,
) -> ReadingCost:
    """Read ``items`` in turn, one at a time, ``readings`` times in all, after `WARM_UP`.

    ``prepare`` brings the detector, untimed, to where a call would have it before this item.
    """
    wall, cpu = [], []
    for number in range(WARM_UP + readings):
        item = items[number % len(items)]
        prepare(item)
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        read(item)
        wall.append(1_000 * (time.perf_counter() - wall_s))
        cpu.append(1_000 * (time.process_time() - cpu_s))
    return ReadingCost(name, tuple(wall[WARM_UP:]), tuple(cpu[WARM_UP:]), target_ms)


def load_utterances(seconds: int, data: Path | None) -> list[Utterance]:
    """Cut utterances of this length from real calls in ``data``, else from a made-up voice."""
    sounds = (
        [synthesise_voice(20_000)] if data is None else [_load_sound(data / clip) for clip in CLIPS]
    )
    size = seconds * SAMPLE_RATE
    pieces = [pcm[at : at + size] for pcm in sounds for at in range(0, pcm.size - size, size)]
    speech = [piece for piece in pieces if _has_speech(piece)]
    span = TimeSpan(0, seconds * 1_000)
    return [Utterance("bench", Speaker.CUSTOMER, span, pcm, Language.ENGLISH) for pcm in speech]


def load_lines(language: Language, data: Path | None, *, before: int = 0) -> list[TranscriptLine]:
    """Lines of the corpora's measuring parts in ``data``, else `LINES`, each after ``before``."""
    texts = LINES[language] if data is None else _load_texts(data, language)
    return [
        TranscriptLine(
            "bench",
            Speaker.CUSTOMER,
            TimeSpan(0, 1_000),
            text,
            language,
            context=tuple(texts[max(0, number - before) : number]),
        )
        for number, text in enumerate(texts)
    ]


def build_primer(detector: TextEmotion) -> Callable[[TranscriptLine], None]:
    """Let a detector have read the lines before an item, and nothing else."""

    def prime(item: TranscriptLine) -> None:
        detector.clear_cache()
        detector.analyse_lines(
            [(text, detect_language(text, item.language)) for text in item.context]
        )

    return prime


def _load_texts(data: Path, language: Language) -> Sequence[str]:
    corpus, column = {
        Language.KOREAN: ("kote", 1),
        Language.ENGLISH: ("goemotions", 0),
    }[language]
    rows = (data / "text" / corpus / "devtest.tsv").read_text(encoding="utf-8").split("\n")
    return [text for row in rows if row and has_words(text := row.split("\t")[column])]


def _load_sound(path: Path) -> NDArray[np.int16]:
    samples, _ = sf.read(path, dtype="int16", always_2d=True)
    return np.asarray(samples[:, -1], dtype=np.int16)


def _has_speech(pcm: NDArray[np.int16]) -> bool:
    """Loud enough for most of its time that a detector would be shown it."""
    packets = pcm[: pcm.size // 160 * 160].reshape(-1, 160).astype(np.float32).std(axis=1)
    return bool((packets > 60).mean() > 0.5)  # noqa: PLR2004  (-55 dB, the endpointer's floor)
