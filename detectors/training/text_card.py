"""The text model's card, measured with the written artifact on rows it was not fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.artifact import opened
from detectors.labels import EMOTIONS
from detectors.text.emotion import (
    KIND,
    LABELS,
    OF_LANGUAGE,
    Calibration,
    emotion_scores,
    membership,
)
from detectors.text.ngrams import ROWS
from detectors.training.calibration import agrees
from detectors.training.cards import Card, Table, ratio
from detectors.training.measures import measured
from detectors.training.text_calibration import row_weights, spoken, weighted_accuracy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.artifact import Artifact
    from detectors.training.text_examples import Grams, Lines, Parts
    from detectors.utterance import Language

SUMMARY = (
    "Reads what one line of a customer's words expresses, Korean and English: the 8 emotions of "
    "`detectors/labels.py`, confidence, and whether to stay silent. Topics and reasons come from "
    "the readable word lists in `detectors/text/lexicon/`."
)
METHOD = """\
Hashed n-grams (Korean: jamo 3-7, syllables 1-3, words and word pairs; English: letters 3-5,
words and word pairs) look up 24 numbers each in an int8 table; their weighted sum goes through one
linear layer to KOTE's 44 labels (Korean) or GoEmotions' 28 (English). `detectors/labels.py` says
which of them express which emotion; an emotion's score is its share of the expected labels,
sharpened, times what the emotion lexicon's words add, and brought from a corpus of opinions to the
mix of emotions expected in calls (`CALL_MIX` in `detectors/text/emotion.py`, an assumption)."""
SPLIT = """\
KOTE: 6 of 7 rows of val.tsv fitted, every seventh settles thresholds and calibration, devtest.tsv
measures. GoEmotions: train, dev and devtest likewise; a text that occurred in an earlier part is
dropped. NSMC: ratings 1-4 and 9-10 of 60,000 reviews fitted as a second task; every 25th review
only measures. The machine-translated GoEmotions were not used: their licence is unclear."""
LIMITS = """\
- Written comments, not speech: no fillers, no recognition errors.
- Comments are opinions: plain statements of callers are rare in them, and neutral is weak.
- Part of the Korean rows are film reviews, where tears are praise: "너무 슬프고 눈물이 나요" is
  read as joy.
- Irony is read as it is spelt. Boredom is known in Korean only.
- A line is read alone; what was said before it is not used yet."""

EMOTION_HEADER = (
    "rows",
    "count",
    "accuracy",
    "weighted accuracy",
    "mean confidence",
    "answered",
    "accuracy answered",
)


def card(path: Path, parts: Mapping[Language, Parts], reviews: Lines, *, seed: int) -> Card:
    """Measure the written artifact and put its card together."""
    artifact = opened(path, kind=KIND)
    return Card(
        title=f"text-emotion {artifact['version']}",
        summary=SUMMARY,
        licence=artifact["licence"],
        parts=(
            ("How it works", METHOD),
            ("Data and split", SPLIT),
            ("Measured", _figures(artifact, parts, reviews)),
            ("Limits", LIMITS),
            ("Made by", f"`callmood train text --seed {seed}`"),
        ),
    )


def _figures(artifact: Artifact, parts: Mapping[Language, Parts], reviews: Lines) -> str:
    labels, emotions = [], []
    for language, taxonomy in OF_LANGUAGE.items():
        test = parts[language].test
        logits = _run(artifact, test.grams, str(taxonomy))
        limits = np.array(artifact["thresholds"][taxonomy], dtype=np.float32)
        found = measured(logits.astype(np.float64), test.truth, logits >= limits, LABELS[taxonomy])
        labels.append(
            (
                f"{taxonomy} devtest",
                str(found.items),
                str(len(found.labels)),
                ratio(found.macro_auc),
                ratio(found.macro_f1),
            )
        )
        calibration = Calibration(**artifact["calibration"][taxonomy])
        scores = emotion_scores(logits, taxonomy, calibration, spoken(test))
        votes = test.truth @ membership(taxonomy)
        emotions.append((f"{taxonomy} devtest", *_emotions(scores, votes, calibration)))
    polar = _run(artifact, reviews.grams, "polarity") > 0
    right = ratio((polar == reviews.truth).mean())
    return "\n\n".join(
        [
            "The corpora's own labels, thresholds from the validation rows:",
            str(Table(("rows", "count", "labels", "macro-AUC", "macro-F1"), labels)),
            (
                f"The {len(EMOTIONS)} emotions, against what most of a row's labels express; "
                "weighted so that the emotions occur as in a call:"
            ),
            str(Table(EMOTION_HEADER, emotions)),
            f"NSMC polarity, {len(polar)} reviews: accuracy {right}.",
        ]
    )


def _emotions(
    scores: NDArray[np.float32], votes: NDArray[np.float32], calibration: Calibration
) -> tuple[str, ...]:
    scores, votes = scores[votes.any(1)], votes[votes.any(1)]
    weights = row_weights(votes)
    answered = scores.max(1) >= calibration.abstain_below
    return (
        str(len(scores)),
        ratio(agrees(votes, scores).mean()),
        ratio(weighted_accuracy(votes, scores, weights)),
        ratio(float((scores.max(1) * weights).sum())),
        ratio(float(weights[answered].sum())),
        ratio(weighted_accuracy(votes[answered], scores[answered], weights[answered])),
    )


def _run(artifact: Artifact, grams: Sequence[Grams], output: str) -> NDArray[np.float32]:
    rows = []
    for buckets, weights in grams:
        # Never empty: a line without n-grams is one padding.
        padded = np.append(buckets, ROWS), np.append(weights, np.float32(0))
        rows.append(artifact.run(buckets=padded[0][None], weights=padded[1][None])[output][0])
    return np.stack(rows)
