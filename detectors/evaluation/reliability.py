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

from detectors.corpora.corpora import TEST_FOLD, is_held_out, load_clips, load_sound, load_texts
from detectors.corpora.telephone_channel import Codec, apply_codec
from detectors.evaluation.metrics import roc_auc
from detectors.labels import EMOTIONS, Emotion
from detectors.reading import Modality
from detectors.registry import load
from detectors.text.normalising import has_words
from detectors.text.scoring import LANGUAGE_TAXONOMIES, membership
from detectors.utterance import (
    SAMPLE_RATE,
    Language,
    Speaker,
    SpeakerBaseline,
    TimeSpan,
    TranscriptLine,
    Utterance,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from detectors.corpora.corpora import Clip
    from detectors.reading import Reading

ACTED_CORPORA = ("ravdess", "emodb", "korean_emotional")
TEXT_CORPORA = {Language.KOREAN: ("kote", 1, 2), Language.ENGLISH: ("goemotions", 0, 1)}
"""Per language the corpus, and its columns of text and labels."""
DRAWN_ORDERS = 3
WARM_UP_CLIPS = 2

LabelledReadings = list[tuple["Reading", Emotion]]


def read_voice_corpora(root: Path) -> dict[str, LabelledReadings]:
    """Readings of held-out clips by corpus, with what was acted."""
    detector = load(Modality.VOICE)
    clips_by_speaker: dict[tuple[str, str], list[Clip]] = defaultdict(list)
    for clip in load_clips(root, ACTED_CORPORA):
        if is_held_out(clip, TEST_FOLD):
            clips_by_speaker[clip.corpus, clip.speaker].append(clip)
    readings_by_corpus: dict[str, LabelledReadings] = defaultdict(list)
    for (corpus, _), speaker_clips in clips_by_speaker.items():
        for order in range(DRAWN_ORDERS):
            permutation = np.random.default_rng(order).permutation(len(speaker_clips))
            readings_by_corpus[corpus] += _read_in_sequence(
                [speaker_clips[i] for i in permutation], detector.read
            )
    return readings_by_corpus


def read_text_corpora(root: Path) -> dict[str, LabelledReadings]:
    """Readings of the corpora's measuring rows, with what most of their labels express."""
    detector = load(Modality.TEXT)
    readings_by_corpus: dict[str, LabelledReadings] = {}
    for language, (corpus, text_column, label_column) in TEXT_CORPORA.items():
        label_membership = membership(LANGUAGE_TAXONOMIES[language])
        rows = load_texts(
            root / "text" / corpus / "devtest.tsv", text=text_column, label=label_column
        )
        readings_by_corpus[corpus] = [
            (detector.read(_line(row.text, language)), EMOTIONS[int(votes.argmax())])
            for row in rows
            if has_words(row.text) and (votes := label_membership[list(row.labels)].sum(0)).any()
        ]
    return readings_by_corpus


def compute_reliability(readings_by_corpus: Mapping[str, LabelledReadings]) -> dict[Emotion, float]:
    """Compute twice the distance of the AUC from chance, per emotion.

    Args:
        readings_by_corpus: readings of unseen speakers or lines, with the true emotions.

    Returns:
        0-1 per emotion, averaged over corpora; emotions that no corpus has are missing.
    """
    areas_by_emotion: dict[Emotion, list[float]] = defaultdict(list)
    for readings in readings_by_corpus.values():
        for emotion in EMOTIONS:
            area = _compute_auc(readings, emotion)
            if area is not None:
                areas_by_emotion[emotion].append(area)
    return {
        each: max(0.0, 2 * float(np.mean(areas)) - 1) for each, areas in areas_by_emotion.items()
    }


def _compute_auc(readings: LabelledReadings, emotion: Emotion) -> float | None:
    scores = np.array([reading.scores.get(emotion, 0.0) for reading, _ in readings])
    return roc_auc(scores, np.array([label is emotion for _, label in readings]))


def _read_in_sequence(
    speaker_clips: Sequence[Clip], read: Callable[[Utterance], Reading]
) -> Iterator[tuple[Reading, Emotion]]:
    baseline = SpeakerBaseline()
    for number, clip in enumerate(speaker_clips):
        pcm = apply_codec(load_sound(clip.path), Codec.MULAW)
        # German is in the corpora, not among the languages of the product.
        language = cast("Language", clip.language)
        span = TimeSpan(0, pcm.size * 1_000 // SAMPLE_RATE)
        utterance = Utterance("held out", Speaker.CUSTOMER, span, pcm, language, baseline)
        reading = read(utterance)
        baseline = reading.baseline
        if number >= WARM_UP_CLIPS and clip.emotion is not None:
            yield reading, clip.emotion


def _line(text: str, language: Language) -> TranscriptLine:
    return TranscriptLine("held out", Speaker.CUSTOMER, TimeSpan(0, 0), text, language)


def main(root: Path) -> None:
    """Print the reliability of each detector per emotion, for `detectors.fusion.RELIABILITY`."""
    for modality, readings_by_corpus in (
        (Modality.VOICE, read_voice_corpora(root)),
        (Modality.TEXT, read_text_corpora(root)),
    ):
        for emotion, value in compute_reliability(readings_by_corpus).items():
            sys.stdout.write(f"{modality} {emotion} {value:.2f}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
