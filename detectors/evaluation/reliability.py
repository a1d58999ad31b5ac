"""How far each detector is right about each emotion: where `detectors.fusion.RELIABILITY` is from.

`python -m detectors.evaluation.reliability ../shared/data` prints the table. Per emotion it is the
area under the curve of one against the rest, averaged over the corpora that have the emotion, and
twice its distance from chance: 0 (a coin) to 1. No torch.

The voice is measured on held-out speakers (`TEST_FOLD`; Korean sentences held out as well) over
mu-law, each utterance after the speaker's earlier ones in drawn orders, from the third on; the
words on the measuring rows of KOTE and GoEmotions, against what most of a row's labels express.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from detectors.corpora.corpora import TEST_FOLD, clips, held_out, sound, texts
from detectors.corpora.telephone_channel import Codec, carried
from detectors.evaluation.metrics import auc
from detectors.labels import EMOTIONS, Emotion
from detectors.reading import Modality
from detectors.registry import load
from detectors.text.normalising import has_words
from detectors.text.scoring import OF_LANGUAGE, membership
from detectors.utterance import (
    SAMPLE_RATE,
    Baseline,
    Language,
    Span,
    Speaker,
    TranscriptLine,
    Utterance,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from detectors.corpora.corpora import Clip
    from detectors.reading import Reading

VOICES = ("ravdess", "emodb", "korean_emotional")
LINES = {Language.KOREAN: ("kote", 1, 2), Language.ENGLISH: ("goemotions", 0, 1)}
"""Per language the corpus, and its columns of text and labels."""
ORDERS = 3
EARLIER = 2

Judged = list[tuple["Reading", Emotion]]


def voices(root: Path) -> dict[str, Judged]:
    """Readings of held-out clips by corpus, with what was acted."""
    detector = load(Modality.VOICE)
    people: dict[tuple[str, str], list[Clip]] = defaultdict(list)
    for clip in clips(root, VOICES):
        if held_out(clip, TEST_FOLD):
            people[clip.corpus, clip.speaker].append(clip)
    judged: dict[str, Judged] = defaultdict(list)
    for (corpus, _), theirs in people.items():
        for order in range(ORDERS):
            drawn = np.random.default_rng(order).permutation(len(theirs))
            judged[corpus] += _one_after_the_other([theirs[i] for i in drawn], detector.read)
    return judged


def words(root: Path) -> dict[str, Judged]:
    """Readings of the corpora's measuring rows, with what most of their labels express."""
    detector = load(Modality.TEXT)
    judged: dict[str, Judged] = {}
    for language, (corpus, text, label) in LINES.items():
        member = membership(OF_LANGUAGE[language])
        rows = texts(root / "text" / corpus / "devtest.tsv", text=text, label=label)
        judged[corpus] = [
            (detector.read(_line(row.text, language)), EMOTIONS[int(felt.argmax())])
            for row in rows
            if has_words(row.text) and (felt := member[list(row.labels)].sum(0)).any()
        ]
    return judged


def reliability(judged: Mapping[str, Judged]) -> dict[Emotion, float]:
    """Per emotion twice the distance from chance, 0-1; lacks what no corpus has."""
    found: dict[Emotion, list[float]] = defaultdict(list)
    for readings in judged.values():
        for emotion in EMOTIONS:
            area = _area(readings, emotion)
            if area is not None:
                found[emotion].append(area)
    return {each: max(0.0, 2 * float(np.mean(areas)) - 1) for each, areas in found.items()}


def _area(readings: Judged, emotion: Emotion) -> float | None:
    scores = np.array([reading.scores.get(emotion, 0.0) for reading, _ in readings])
    return auc(scores, np.array([truth is emotion for _, truth in readings]))


def _one_after_the_other(
    theirs: Sequence[Clip], read: Callable[[Utterance], Reading]
) -> Iterator[tuple[Reading, Emotion]]:
    baseline = Baseline()
    for number, clip in enumerate(theirs):
        pcm = carried(sound(clip.path), Codec.MULAW)
        # German is in the corpora, not among the languages of the product.
        language = cast("Language", clip.language)
        span = Span(0, pcm.size * 1_000 // SAMPLE_RATE)
        item = Utterance("held out", Speaker.CUSTOMER, span, pcm, language, baseline)
        reading = read(item)
        baseline = reading.baseline
        if number >= EARLIER and clip.emotion is not None:
            yield reading, clip.emotion


def _line(text: str, language: Language) -> TranscriptLine:
    return TranscriptLine("held out", Speaker.CUSTOMER, Span(0, 0), text, language)


def main(root: Path) -> None:
    """Print the table."""
    for modality, judged in ((Modality.VOICE, voices(root)), (Modality.TEXT, words(root))):
        for emotion, value in reliability(judged).items():
            sys.stdout.write(f"{modality} {emotion} {value:.2f}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
