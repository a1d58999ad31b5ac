"""The voice model's card, written by the training that made it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from detectors.corpora.corpora import FOLDS, TEST_FOLD, is_held_out
from detectors.evaluation.model_card import MarkdownTable, ModelCard, format_ratio_with_interval
from detectors.evaluation.report import write_plots
from detectors.evaluation.scored_item import label_names
from detectors.evaluation.subgroups import build_group_table, measure_groups
from detectors.evaluation.summary import METRIC_NAMES, summarise
from detectors.training.voice.cross_validation import ORDERS
from detectors.training.voice.examples import ALAW, CLEAN, MULAW
from detectors.training.voice.figures import compute_arousal_auc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.evaluation.scored_item import ScoredItem
    from detectors.training.voice.examples import Examples
    from detectors.training.voice.figures import CalibratedReadings

GROUPS = {
    "ravdess": "English (ravdess)",
    "emodb": "German (emodb)",
    "korean_emotional": "Korean (korean_emotional)",
}
NEUTRAL_WORDS_SUBSET = "plain-to-emotional"
LANGUAGES = {"en": "English", "de": "German", "ko": "Korean"}
VIEW_NAMES = {CLEAN: "8 kHz", MULAW: "8 kHz mu-law", ALAW: "8 kHz A-law"}
HISTORY_NAMES = {False: "nothing", True: "two or more"}
METRICS = ("uar_of_four", "uar", "auc_anger", "ece", "coverage_gain")
HEADER = ("speech", "line", "heard before", "readings", *(METRIC_NAMES[name] for name in METRICS))

SUMMARY = (
    "Reads the tone of one customer utterance at telephone band: the 8 emotions of "
    "`detectors/labels.py`, arousal, valence, confidence, and whether to stay silent. An estimate "
    "of what was expressed, never of what is felt; never to be used on the people who work."
)
FIGURES_NOTE = f"""\
In brackets: 95% intervals from 1,000 draws of whole speakers; with fewer than five speakers they
are little more than the range between them. "Heard before": nothing, or two and more utterances
of the same speaker in drawn orders ({ORDERS} orders, so that a clip counts {ORDERS} times), which
is what running normalisation has from a customer's third utterance on. UAR of 4: neutral, joy,
anger, sadness. ECE and the gain in accuracy at 80% coverage are of the reading as a call gets it,
all 8 labels competing. Rows of fold 0 are of the very model that ships, all others of heads fitted
by the same recipe. Rows with an arrow: the language behind it was new to the head, and only clips
of the emotions that all languages have count."""
BASELINES = (
    "Plain baselines on the same folds (log-mel statistics with logistic regression, eGeMAPS with "
    "a support vector machine) are in `docs/model-cards/baselines.md`."
)
LIMITS = {
    "ravdess": "- Acted speech is clearer than callers': a figure says little about real calls.\n"
    "- RAVDESS has two sentences: English words were hardly heard.",
    "emodb": "- Boredom was only heard in German, surprise only in English.",
    "korean_emotional": "- Korean: 8 speakers, 220 clips, read in a studio. An indication, no "
    "proof.\n- In Korean only neutral, joy, anger and sadness were ever heard; fear, disgust, "
    "surprise and boredom hardly compete there.",
    "": "- An utterance is heard alone or beside the speaker's earlier ones; what was said before "
    "is the text detector's.\n- The first utterance of a call is read less well than the third.",
}
"""By the corpus that brings it; the last holds for all."""


def build_card(
    readings: CalibratedReadings,
    cross_lingual: CalibratedReadings | None,
    description: dict[str, Any],
    *,
    path: Path,
    seed: int,
) -> ModelCard:
    """Put the card together, and draw its pictures beside the model at ``path``."""
    parts = [
        ("How it works", _method_section(description)),
        ("Data and split", _split_section(readings.examples)),
        ("Measured", _figures_section(readings, cross_lingual)),
        ("Who is read worse", _breakdown_section(readings)),
        ("Pictures", _pictures_section(readings, path)),
        ("Limits", _limits_section(readings.examples)),
        ("Made by", f"`callmood train voice --seed {seed}`"),
    ]
    title = f"voice-tone {description['version']}"
    return ModelCard(title=title, summary=SUMMARY, licence=description["licence"], sections=parts)


def _method_section(description: dict[str, Any]) -> str:
    languages = ", ".join(
        LANGUAGES.get(language, language) for language in description["languages"]
    )
    temperatures = ", ".join(
        f"{LANGUAGES.get(language, language) or 'others'} {changed:.0f} and {plain:.0f}"
        for language, (changed, plain) in description["temperature"].items()
    )
    return (
        "The detector cuts silence off both ends and keeps the last 8 s. The graph normalises the "
        "level; the first transformer layer of the Smart Turn v3.2 encoder (Whisper-tiny's, Daily, "
        "BSD-2-Clause, frozen, 7-bit weights; NOTICE beside the model) hears it, and its mean and "
        f"deviation over time make {description['features']} numbers with level, pitch, voicing "
        "and pace. Two shrunk linear discriminants for each language taught "
        f"({languages}) hear what these numbers say by themselves and how they differ from the "
        "mean of the customer's earlier utterances in the call; after n of them the second counts "
        "n/(n+0.5). In any other language only the emotions that every one of these has are told "
        "apart, by the mean of their discriminants over the deviations. Fitted over drawn G.711 "
        "lines with level changes, noise, lost packets and speeds between 0.89 and 1.12; every "
        "emotion is taken to be equally likely. Temperatures (of what changed, and of speech by "
        f"itself): {temperatures}; each language has a confidence below which it abstains (a fifth "
        "of held-out readings)."
    )


def _split_section(examples: Examples) -> str:
    counts: dict[str, int] = {}
    for clip in examples.clips:
        counts[clip.corpus] = counts.get(clip.corpus, 0) + 1
    clips = ", ".join(f"{name} {count} clips" for name, count in counts.items())
    sentences = (
        ", and so are the Korean sentences (`voice_scripts.csv`), because there the sentence "
        "tells the label: a Korean clip measures only where neither its speaker nor its sentence "
        "was trained on (three fits a fold, so that every clip is measured)"
    )
    has_script_folds = any(clip.script_fold is not None for clip in examples.clips)
    return (
        f"{clips}. Speakers are in {FOLDS} folds (`detectors/corpora/splits/voice_speakers.csv`; "
        f"those not in it by a hash){sentences if has_script_folds else ''}. "
        f"The model that ships was fitted without fold {TEST_FOLD}, "
        f"which `callmood evaluate voice --fold {TEST_FOLD}` "
        "measures. Temperatures and thresholds come from cross-fitted readings of the other folds; "
        "below, each fold's from those of all others. The recipe (layer, sizes, augmentation) was "
        "chosen by looking at cross-validated figures of these same speakers: they are a little "
        "too good by that."
    )


def _limits_section(examples: Examples) -> str:
    corpora = {clip.corpus for clip in examples.clips} | {""}
    return "\n".join(limit for corpus, limit in LIMITS.items() if corpus in corpora)


def _figures_section(readings: CalibratedReadings, cross_lingual: CalibratedReadings | None) -> str:
    rows = [
        _build_row(
            (name, VIEW_NAMES[view], HISTORY_NAMES[with_history]),
            readings.select_items(view, is_included, with_history=with_history),
        )
        for name, is_included in _speech_groups(readings.examples)
        for view, with_history in ((MULAW, False), (MULAW, True), (ALAW, True), (CLEAN, True))
    ]
    rows += [
        _build_row(
            (f"{name}, fold {TEST_FOLD}", VIEW_NAMES[MULAW], HISTORY_NAMES[True]),
            readings.select_items(MULAW, partial(_is_held_out, is_included), with_history=True),
        )
        for name, is_included in _speech_groups(readings.examples)
    ]
    if cross_lingual:
        rows += [
            _build_row(
                (name, VIEW_NAMES[MULAW], HISTORY_NAMES[True]),
                cross_lingual.select_items(MULAW, is_included, with_history=True),
            )
            for name, is_included in _language_groups(readings.examples)
        ]
    figures_table = MarkdownTable(HEADER, [row for row in rows if row])
    parts = (FIGURES_NOTE, str(figures_table), _arousal_section(readings), BASELINES)
    return "\n\n".join(part for part in parts if part)


def _arousal_section(readings: CalibratedReadings) -> str:
    result = compute_arousal_auc(readings)
    if result is None:
        return ""
    clips, area, bounds = result
    return (
        f"Arousal, of {clips} clips with a level and no emotion (single words, their first and "
        "only utterance, new speakers): high against low AUC "
        f"{format_ratio_with_interval(area, bounds)}."
    )


def _speech_groups(examples: Examples) -> Iterator[tuple[str, Callable[[Clip], bool]]]:
    for corpus in dict.fromkeys(clip.corpus for clip in examples.clips):
        yield GROUPS.get(corpus, corpus), partial(_has_value, "corpus", corpus)
    if any(clip.subset == NEUTRAL_WORDS_SUBSET for clip in examples.clips):
        yield (
            f"Korean, {NEUTRAL_WORDS_SUBSET} only",
            partial(_has_value, "subset", NEUTRAL_WORDS_SUBSET),
        )


def _language_groups(examples: Examples) -> Iterator[tuple[str, Callable[[Clip], bool]]]:
    trained_languages = sorted({clip.language for clip in examples.clips if clip.emotion})
    for language in trained_languages:
        others = " + ".join(
            LANGUAGES.get(other, other) for other in trained_languages if other != language
        )
        name = f"{others} → {LANGUAGES.get(language, language)}"
        yield name, partial(_has_value, "language", language)


def _is_held_out(is_included: Callable[[Clip], bool], clip: Clip) -> bool:
    """Whether a clip is one of these and measures the very model that ships."""
    return is_included(clip) and is_held_out(clip, TEST_FOLD)


def _has_value(attribute: str, value: str, clip: Clip) -> bool:
    return bool(getattr(clip, attribute) == value)


def _build_row(names: tuple[str, str, str], items: Sequence[ScoredItem]) -> tuple[str, ...]:
    item_figures = summarise(items, label_names(None), multi_label=False)
    if item_figures is None:
        return ()
    cells = [
        format_ratio_with_interval(item_figures.values[metric], item_figures.intervals[metric])
        if metric in item_figures.values
        else "-"
        for metric in METRICS
    ]
    return *names, str(len(items)), *cells


def _breakdown_section(readings: CalibratedReadings) -> str:
    items = readings.select_items(MULAW, lambda _: True, with_history=True)
    return str(build_group_table(measure_groups(items, label_names(None), multi_label=False)))


def _pictures_section(readings: CalibratedReadings, path: Path) -> str:
    items = readings.select_items(MULAW, lambda _: True, with_history=True)
    item_groups = measure_groups(items, label_names(None), multi_label=False)
    pictures = write_plots(path.parent, path.stem, item_groups)
    return "\n\n".join(f"![{picture.stem}]({picture.name})" for picture in pictures)
