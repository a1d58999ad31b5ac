"""The voice model's card, written by the training that made it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from detectors.corpora.corpora import FOLDS, TEST_FOLD, held_out
from detectors.evaluation.model_card import Card, Table, ratio_within
from detectors.evaluation.report import draw
from detectors.evaluation.scored_item import label_names
from detectors.evaluation.subgroups import groups, table
from detectors.evaluation.summary import NAMES, figures
from detectors.training.voice.cross_validation import ORDERS
from detectors.training.voice.examples import ALAW, CLEAN, MULAW
from detectors.training.voice.figures import arousal_auc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from detectors.corpora.corpora import Clip
    from detectors.evaluation.scored_item import Judged
    from detectors.training.voice.examples import Examples
    from detectors.training.voice.figures import Shown

GROUPS = {
    "ravdess": "English (ravdess)",
    "emodb": "German (emodb)",
    "korean_emotional": "Korean (korean_emotional)",
}
PLAIN = "plain-to-emotional"
LANGUAGES = {"en": "English", "de": "German", "ko": "Korean"}
VIEW_NAMES = {CLEAN: "8 kHz", MULAW: "8 kHz mu-law", ALAW: "8 kHz A-law"}
HEARD = {False: "nothing", True: "two or more"}
SHOWN = ("uar_of_four", "uar", "auc_anger", "ece", "coverage_gain")
HEADER = ("speech", "line", "heard before", "readings", *(NAMES[name] for name in SHOWN))

SUMMARY = (
    "Reads the tone of one customer utterance at telephone band: the 8 emotions of "
    "`detectors/labels.py`, arousal, valence, confidence, and whether to stay silent. An estimate "
    "of what was expressed, never of what is felt; never to be used on the people who work."
)
MEASURED = f"""\
In brackets: 95% intervals from 1,000 draws of whole speakers; with fewer than five speakers they
are little more than the range between them. "Heard before": nothing, or two and more utterances
of the same speaker in drawn orders ({ORDERS} orders, so that a clip counts {ORDERS} times), which
is what running normalisation has from a customer's third utterance on. UAR of 4: neutral, joy,
anger, sadness. ECE and the gain in accuracy at 80% coverage are of the reading as a call gets it,
all 8 labels competing. Rows of fold 0 are of the very model that ships, all others of heads fitted
by the same recipe. Rows with an arrow: the language behind it was new to the head, and only clips
of the emotions that all languages have count."""
YARDSTICKS = (
    "Plain baselines on the same folds (log-mel statistics with logistic regression, eGeMAPS with "
    "a support vector machine) are in `docs/model-cards/yardsticks.md`."
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


def card(
    shown: Shown, abroad: Shown | None, description: dict[str, Any], *, path: Path, seed: int
) -> Card:
    """Put the card together, and draw its pictures beside the model at ``path``."""
    parts = [
        ("How it works", _method(description)),
        ("Data and split", _split(shown.examples)),
        ("Measured", _figures(shown, abroad)),
        ("Who is read worse", _breakdown(shown)),
        ("Pictures", _pictures(shown, path)),
        ("Limits", _limits(shown.examples)),
        ("Made by", f"`callmood train voice --seed {seed}`"),
    ]
    title = f"voice-tone {description['version']}"
    return Card(title=title, summary=SUMMARY, licence=description["licence"], parts=parts)


def _method(description: dict[str, Any]) -> str:
    languages = ", ".join(LANGUAGES.get(each, each) for each in description["languages"])
    temperatures = ", ".join(
        f"{LANGUAGES.get(each, each) or 'others'} {changed:.0f} and {plain:.0f}"
        for each, (changed, plain) in description["temperature"].items()
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


def _split(examples: Examples) -> str:
    counts: dict[str, int] = {}
    for clip in examples.clips:
        counts[clip.corpus] = counts.get(clip.corpus, 0) + 1
    clips = ", ".join(f"{name} {count} clips" for name, count in counts.items())
    sentences = (
        ", and so are the Korean sentences (`voice_scripts.csv`), because there the sentence "
        "tells the label: a Korean clip measures only where neither its speaker nor its sentence "
        "was trained on (three fits a fold, so that every clip is measured)"
    )
    telltale = any(clip.script_fold is not None for clip in examples.clips)
    return (
        f"{clips}. Speakers are in {FOLDS} folds (`detectors/corpora/splits/voice_speakers.csv`; "
        f"those not in it by a hash){sentences if telltale else ''}. The model that ships was "
        f"fitted without fold {TEST_FOLD}, which `callmood evaluate voice --fold {TEST_FOLD}` "
        "measures. Temperatures and thresholds come from cross-fitted readings of the other folds; "
        "below, each fold's from those of all others. The recipe (layer, sizes, augmentation) was "
        "chosen by looking at cross-validated figures of these same speakers: they are a little "
        "too good by that."
    )


def _limits(examples: Examples) -> str:
    there = {clip.corpus for clip in examples.clips} | {""}
    return "\n".join(line for corpus, line in LIMITS.items() if corpus in there)


def _figures(shown: Shown, abroad: Shown | None) -> str:
    rows = [
        _row((name, VIEW_NAMES[view], HEARD[settled]), shown.judged(view, which, settled=settled))
        for name, which in _speech(shown.examples)
        for view, settled in ((MULAW, False), (MULAW, True), (ALAW, True), (CLEAN, True))
    ]
    rows += [
        _row(
            (f"{name}, fold {TEST_FOLD}", VIEW_NAMES[MULAW], HEARD[True]),
            shown.judged(MULAW, partial(_new_to_it, which), settled=True),
        )
        for name, which in _speech(shown.examples)
    ]
    if abroad:
        rows += [
            _row((name, VIEW_NAMES[MULAW], HEARD[True]), abroad.judged(MULAW, which, settled=True))
            for name, which in _languages(shown.examples)
        ]
    table = Table(HEADER, [row for row in rows if row])
    parts = (MEASURED, str(table), _arousal(shown), YARDSTICKS)
    return "\n\n".join(part for part in parts if part)


def _arousal(shown: Shown) -> str:
    found = arousal_auc(shown)
    if found is None:
        return ""
    clips, value, within = found
    return (
        f"Arousal, of {clips} clips with a level and no emotion (single words, their first and "
        f"only utterance, new speakers): high against low AUC {ratio_within(value, within)}."
    )


def _speech(examples: Examples) -> Iterator[tuple[str, Callable[[Clip], bool]]]:
    for corpus in dict.fromkeys(clip.corpus for clip in examples.clips):
        yield GROUPS.get(corpus, corpus), partial(_is, "corpus", corpus)
    if any(clip.subset == PLAIN for clip in examples.clips):
        yield f"Korean, {PLAIN} only", partial(_is, "subset", PLAIN)


def _languages(examples: Examples) -> Iterator[tuple[str, Callable[[Clip], bool]]]:
    taught = sorted({clip.language for clip in examples.clips if clip.emotion})
    for language in taught:
        others = " + ".join(LANGUAGES.get(each, each) for each in taught if each != language)
        name = f"{others} → {LANGUAGES.get(language, language)}"
        yield name, partial(_is, "language", language)


def _new_to_it(which: Callable[[Clip], bool], clip: Clip) -> bool:
    """Whether a clip is one of these and measures the very model that ships."""
    return which(clip) and held_out(clip, TEST_FOLD)


def _is(attribute: str, value: str, clip: Clip) -> bool:
    return bool(getattr(clip, attribute) == value)


def _row(names: tuple[str, str, str], judged: Sequence[Judged]) -> tuple[str, ...]:
    found = figures(judged, label_names(None), several=False)
    if found is None:
        return ()
    cells = [
        ratio_within(found.values[each], found.intervals[each]) if each in found.values else "-"
        for each in SHOWN
    ]
    return *names, str(len(judged)), *cells


def _breakdown(shown: Shown) -> str:
    judged = shown.judged(MULAW, lambda _: True, settled=True)
    return str(table(groups(judged, label_names(None), several=False)))


def _pictures(shown: Shown, path: Path) -> str:
    judged = shown.judged(MULAW, lambda _: True, settled=True)
    found = groups(judged, label_names(None), several=False)
    drawn = draw(path.parent, path.stem, found)
    return "\n\n".join(f"![{each.stem}]({each.name})" for each in drawn)
