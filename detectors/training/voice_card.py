"""The voice model's card: figures measured on voices (and words) new to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.labels import EMOTIONS, Emotion
from detectors.training.calibration import expected_calibration_error, softened
from detectors.training.cards import Card, Table, ratio
from detectors.training.corpora import FOLDS, TEST_FOLD
from detectors.training.measures import auc, best_of, measured
from detectors.training.voice_examples import CLEAN, MULAW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from detectors.training.corpora import Clip
    from detectors.training.voice_examples import Examples

Crossed = dict[tuple[int, int], tuple["NDArray[np.int64]", "NDArray[np.float64]"]]
"""(view, earlier utterances) -> clips and log-probabilities, each from a model new to them."""

FOUR = (Emotion.NEUTRAL, Emotion.JOY, Emotion.ANGER, Emotion.SADNESS)
"""The labels that every acted corpus has."""

GROUPS = {
    "English (ravdess)": ("ravdess", ""),
    "German (emodb)": ("emodb", ""),
    "Korean (korean_emotional)": ("korean_emotional", ""),
    "Korean, plain-to-emotional only": ("korean_emotional", "plain-to-emotional"),
}
VIEW_NAMES = {CLEAN: "8 kHz", MULAW: "8 kHz mu-law"}

SUMMARY = (
    "Reads the tone of one customer utterance at telephone band: the 8 emotions of "
    "`detectors/labels.py`, arousal, confidence, and whether to stay silent. An estimate of "
    "what was expressed, never of what is felt; never to be used on the people who work."
)
LIMITS = {
    "ravdess": "- Acted speech is clearer than callers': a figure says little about real calls.",
    "emodb": "- Boredom was only heard in German, surprise only in English.",
    "korean_emotional": "- Korean: 8 speakers, 220 clips. An indication, no proof.",
    "": "- A corpus's labels decide a figure (4 or all it has); in a call all 8 compete.",
}
"""By the corpus that brings it; the last holds for all."""


def card(examples: Examples, crossed: Crossed, description: dict[str, Any], *, seed: int) -> Card:
    """Put the card together. ``crossed`` holds every fold's held-out clips."""
    return Card(
        title=f"voice-tone {description['version']}",
        summary=SUMMARY,
        licence=description["licence"],
        parts=(
            ("How it works", _method(description)),
            ("Data and split", _split(examples)),
            ("Measured", _figures(examples, crossed, description["temperature"])),
            ("Limits", _limits(examples)),
            ("Made by", f"`callmood train voice --seed {seed}`"),
        ),
    )


def _method(description: dict[str, Any]) -> str:
    return (
        "Raw samples in. The graph computes a 40-band log-mel spectrogram (32 ms windows every "
        "10 ms), pitch and voicing by autocorrelation of the compressed spectrum, and from them "
        f"{description['features']} statistics over the speech frames, relative to the "
        "utterance's level. An ensemble of three small perceptrons sees the statistics and "
        "their difference from the customer's earlier utterances in the call, weighted n/(n+2). "
        "Trained over drawn G.711 lines with level changes, noise and lost packets. "
        f"Temperature {description['temperature']:.2f}; below a confidence of "
        f"{description['abstain_below']:.2f} it abstains (a fifth of the validation speech)."
    )


def _split(examples: Examples) -> str:
    counts = {clip.corpus: 0 for clip in examples.clips}
    for clip in examples.clips:
        counts[clip.corpus] += 1
    clips = ", ".join(f"{name} {count} clips" for name, count in counts.items())
    sentences = (
        ", and so are the Korean sentences (`voice_scripts.csv`), because there the sentence "
        "tells the label: a Korean clip measures only where neither its speaker nor its sentence "
        "was trained on"
    )
    telltale = any(clip.script_fold is not None for clip in examples.clips)
    return (
        f"{clips}. Speakers are in {FOLDS} folds (`detectors/training/splits/voice_speakers.csv`; "
        f"those not in it by a hash){sentences if telltale else ''}. "
        f"This model was fitted without fold {TEST_FOLD}; temperature and "
        "threshold come from a twin that was fitted without fold 1 either. Nothing was fitted "
        f"on fold {TEST_FOLD}."
    )


def _limits(examples: Examples) -> str:
    there = {clip.corpus for clip in examples.clips} | {""}
    return "\n".join(line for corpus, line in LIMITS.items() if corpus in there)


def _groups(examples: Examples) -> dict[str, tuple[str, str]]:
    """The rows of the figures: the four corpora as above, and each other one as it is called."""
    known = {corpus for corpus, _ in GROUPS.values()}
    others = {clip.corpus: (clip.corpus, "") for clip in examples.clips if clip.corpus not in known}
    return {**GROUPS, **others}


def _figures(examples: Examples, crossed: Crossed, temperature: float) -> str:
    header = (
        "speech",
        "line",
        "earlier utterances",
        "clips",
        "UAR of 4",
        "UAR of all",
        "AUC anger",
        "ECE",
    )
    test = [clip.fold == TEST_FOLD for clip in examples.clips]
    everything = [True for _ in examples.clips]
    return "\n\n".join(
        [
            f"Held-out fold {TEST_FOLD} (this very model):",
            str(Table(header, list(_rows(examples, crossed, temperature, np.array(test))))),
            f"All {FOLDS} folds, each by a model of the same recipe that was fitted without it:",
            str(Table(header, list(_rows(examples, crossed, temperature, np.array(everything))))),
        ]
    )


def _rows(
    examples: Examples, crossed: Crossed, temperature: float, counted: NDArray[np.bool_]
) -> Iterator[tuple[str, ...]]:
    for name, (corpus, subset) in _groups(examples).items():
        for (view, before), (chosen, logits) in crossed.items():
            kept = np.array(
                [bool(counted[i]) and _belongs(examples.clips[i], corpus, subset) for i in chosen]
            )
            if kept.any():
                figures = _row(examples, chosen[kept], softened(logits[kept], temperature))
                yield name, VIEW_NAMES[view], str(before), *figures


def _belongs(clip: Clip, corpus: str, subset: str) -> bool:
    return clip.corpus == corpus and subset in {"", clip.subset}


def _row(
    examples: Examples, chosen: NDArray[np.int64], scores: NDArray[np.float64]
) -> tuple[str, ...]:
    truth = np.eye(len(EMOTIONS), dtype=bool)[examples.target[chosen]]
    four = np.array([emotion in FOUR for emotion in EMOTIONS])
    few = truth[:, four].any(1)
    all_known = best_of(scores, examples.known[chosen[0]])
    correct = np.asarray((truth & best_of(scores, four | ~four)).any(1))
    anger = EMOTIONS.index(Emotion.ANGER)
    return (
        str(chosen.size),
        ratio(measured(scores[few], truth[few], best_of(scores[few], four), EMOTIONS).uar),
        ratio(measured(scores, truth, all_known, EMOTIONS).uar),
        ratio(auc(scores[:, anger], truth[:, anger]) or float("nan")),
        ratio(expected_calibration_error(scores.max(1), correct)),
    )
