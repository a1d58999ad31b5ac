"""A voice detector that breaks one promise at a time, as no graph alone could make it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from detectors.detector import UnusableUtteranceError
from detectors.labels import Emotion
from detectors.reading import Modality, Reading
from detectors.utterance import Speaker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.detector import Detector
    from detectors.utterance import Utterance

CALM = {Emotion.NEUTRAL: 1.0}


@dataclass
class Spoiled:
    """Reads like ``inner``, but for its ``fault``."""

    inner: Detector[Utterance]
    fault: str
    name: str = "spoiled"
    version: str = "1"
    modality: Modality = Modality.VOICE
    turns: Iterator[int] = field(default_factory=count)

    def read(self, item: Utterance) -> Reading:
        (result,) = self._read([item])
        if isinstance(result, UnusableUtteranceError):
            raise result
        return result

    def read_batch(self, items: Sequence[Utterance]) -> list[Reading | UnusableUtteranceError]:
        results = self._read(items)
        return results[::-1] if self.fault == "out-of-order" else results

    def _read(self, items: Sequence[Utterance]) -> list[Reading | UnusableUtteranceError]:
        if self.fault == "scores-the-agent":
            items = [replace(item, speaker=Speaker.CUSTOMER) for item in items]
        if self.fault == "crashes-when-long" and any(item.pcm.size > 100_000 for item in items):
            raise MemoryError
        pairs = zip(items, self.inner.read_batch(items), strict=True)
        return [self._spoil(item, result) for item, result in pairs]

    def _spoil(
        self, item: Utterance, result: Reading | UnusableUtteranceError
    ) -> Reading | UnusableUtteranceError:
        if isinstance(result, UnusableUtteranceError):
            if self.fault == "calls-it-neutral" and item.speaker is Speaker.CUSTOMER:
                return Reading(
                    *(item.call_id, item.span, self.modality, self.name, self.version, CALM), 1.0
                )
            return result
        changes: dict[str, Any] = {
            "half-a-distribution": {"scores": {Emotion.ANGER: 0.5}},
            "arousal-of-two": {"arousal": 2.0},
            "not-a-number": {"confidence": float("nan")},
            "another-s-name": {"detector": "voice-tone"},
            "never-the-same": {
                "scores": {Emotion.ANGER: (share := next(self.turns) % 2), Emotion.JOY: 1 - share}
            },
            "deaf": {"scores": {Emotion.ANGER: 0.6, Emotion.JOY: 0.4}},
        }
        named = replace(result, detector=self.name, version=self.version)
        return replace(named, **changes.get(self.fault, {}))
