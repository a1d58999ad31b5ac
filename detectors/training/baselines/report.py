"""The plain baselines beside our models, on the very same splits: one Markdown page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from detectors.corpora.corpora import load_clips
from detectors.evaluation.model_card import ModelCard
from detectors.training.baselines import text as baselines_text
from detectors.training.baselines import voice as baselines_voice
from detectors.training.baselines.voice_features import (
    FeatureCache,
    extract_features,
    log_mel_statistics,
)
from detectors.training.text.examples import load_english, load_korean, load_polar_reviews

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from detectors.evaluation.model_card import MarkdownTable
    from detectors.training.baselines.voice import BaselineModels
    from detectors.training.baselines.voice_features import FeatureExtractor
    from detectors.training.progress import Progress

SUMMARY = """\
How far a plain model gets on the splits that our models are measured on. None of these is
shipped. Brackets hold 95% intervals: of 1,000 draws of whole speakers, or of rows of text."""
LICENCE = """\
Nothing here is distributed. openSMILE's licence allows research and other non-commercial use
only: it is installed apart, for this comparison alone, and callmood never imports it otherwise."""
VOICE = """\
8 kHz over a mu-law line. Every model is fitted on one corpus, for each of the five committed folds
(`detectors/corpora/splits/`): the speakers measured, and in Korean their sentences too, were not
fitted on. How strongly a model is held back is settled among the fitting speakers. Alone: each clip
as if it were the first of its call. Running: less the mean of the speaker's earlier clips, from the
third clip on, in five drawn orders that are read together. Log-mel: 40 bands, mean, deviation, 10th
and 90th percentile and mean change over speech frames. eGeMAPS: openSMILE's 88 functionals (v02).
UAR of 4: neutral, joy, anger, sadness; of all: the labels that the corpus has. English + German:
fitted on all their clips of the four labels. The plain-to-emotional clips have three speakers:
their intervals are little more than the range between them."""
TEXT = """\
TF-IDF of letters within words (1-4) and of words (1-2), one logistic regression a label. KOTE:
fitted on val.tsv, measured on devtest.tsv. GoEmotions: fitted on train and dev, measured on
devtest, without texts that occurred before. NSMC: the reviews that our model is fitted and
measured on, negative (1-4) against positive (9-10). Strength and thresholds are settled on fitting
rows."""


def measure_baselines(
    data: Path, cache: Path, *, egemaps: FeatureExtractor | None, progress: Progress
) -> ModelCard:
    """Fit and measure every baseline; deterministic.

    Args:
        data: the folder with the corpora.
        cache: where sound features are kept, by content.
        egemaps: openSMILE's features; without them their rows are left out.
        progress: told of every step.

    Raises:
        CorpusError: a corpus is missing, or not what it should be.
    """
    # One thread: faster on matrices this small, and sums come out the same on every machine.
    with threadpool_limits(limits=1):
        text = _measure_text(data, progress)
        voice = _measure_voice(data, cache, egemaps, progress)
    command = "callmood evaluate baselines" + ("" if egemaps else " --without-opensmile")
    parts = (
        ("Voice", f"{VOICE}\n\n{voice}"),
        ("Text", f"{TEXT}\n\n{text}"),
        ("Made by", f"`{command} --card docs/model-cards/baselines.md`"),
    )
    return ModelCard(title="Baselines", summary=SUMMARY, licence=LICENCE, sections=parts)


def _measure_voice(
    data: Path, cache: Path, egemaps: FeatureExtractor | None, progress: Progress
) -> MarkdownTable:
    labelled_clips = [
        clip for clip in load_clips(data, tuple(baselines_voice.CORPORA.values())) if clip.emotion
    ]

    def extract(name: str, measure: FeatureExtractor) -> NDArray[np.float64]:
        step = progress.begin(f"{name} features", len(labelled_clips))
        return extract_features(labelled_clips, measure, FeatureCache(cache, name), step)

    models: BaselineModels = {
        "log-mel statistics, logistic regression": (
            extract("log-mel", log_mel_statistics),
            baselines_voice.build_logistic_regression,
        )
    }
    if egemaps:
        models["eGeMAPS, SVM"] = (
            extract("eGeMAPS", egemaps),
            baselines_voice.build_support_vector_machine,
        )
    step = progress.begin("voice baselines", baselines_voice.count_steps(len(models)))
    return baselines_voice.build_table(labelled_clips, models, step)


def _measure_text(data: Path, progress: Progress) -> MarkdownTable:
    step = progress.begin("text baselines", 3 * baselines_text.STEPS)
    ko, en = load_korean(data, _ignore_progress), load_english(data, _ignore_progress)
    polar_train, polar_test = load_polar_reviews(data, _ignore_progress)
    return baselines_text.build_table(
        [
            baselines_text.build_row("KOTE devtest", [ko.train, ko.validation], ko.test, step),
            baselines_text.build_row(
                "GoEmotions devtest", [en.train, en.validation], en.test, step
            ),
            baselines_text.build_row("NSMC polarity", [polar_train], polar_test, step),
        ]
    )


def _ignore_progress() -> None:
    """Reading lines is quick: its steps are not shown."""
