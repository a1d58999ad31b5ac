"""Cross-validation of the voice model: every clip read by a head that knows neither its speaker
nor, where the sentence tells the label, its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from detectors.training.corpora import FOLDS, SCRIPT_PARTS, TEST_FOLD, held_out, trainable
from detectors.training.fitting_voice import Recipe, fitted, scored, steps
from detectors.training.running import Moments, alone, in_drawn_order, together
from detectors.training.voice_examples import ALAW, CLEAN, MULAW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.training.progress import Progress
    from detectors.training.voice_examples import Examples
    from detectors.training.voice_model import ToneHead

MEASURED_VIEWS = (CLEAN, MULAW, ALAW)
ORDERS = 3
"""Orders of each speaker's clips that are measured: one order is one chance."""
EARLIER = 2
"""Utterances of the speaker before running normalisation is counted on: from the third on."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """What heads said of clips that were new to them.

    Attributes:
        fold: each reading's speaker's, ``int64[n]``.
        strange: whether it was read as of a language the head was not taught, ``bool[n]``.
        logits: log-probabilities before calibration, ``float64[n, 8]``.
    """

    moments: Moments
    fold: NDArray[np.int64]
    strange: NDArray[np.bool_]
    logits: NDArray[np.float64]

    def those(self, kept: NDArray[np.bool_]) -> Crossing:
        """Keep some readings."""
        return Crossing(
            self.moments.those(kept), self.fold[kept], self.strange[kept], self.logits[kept]
        )


def _joined(parts: Sequence[Crossing]) -> Crossing:
    return Crossing(
        together(part.moments for part in parts),
        np.concatenate([part.fold for part in parts]),
        np.concatenate([part.strange for part in parts]),
        np.concatenate([part.logits for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class Bench:
    """What every fit of one training shares."""

    examples: Examples
    recipe: Recipe
    seed: int
    progress: Progress

    def fit(self, title: str, chosen: NDArray[np.bool_]) -> ToneHead:
        """Fit on these clips."""
        rows = np.flatnonzero(chosen)
        step = self.progress.begin(title, steps(rows.size, self.recipe))
        return fitted(self.examples, rows, recipe=self.recipe, seed=self.seed, step=step)

    def shipped(self) -> ToneHead:
        """Fit the head that ships: on every speaker but the test fold's."""
        return self.fit("fitting", self._trainable(TEST_FOLD, 0))

    def crossed(self) -> Crossing:
        """Read every clip with an emotion, each speaker in several orders, over each line."""
        return _joined([one for fold, part in self._parts() for one in self._new_to(fold, part)])

    def abroad(self) -> Crossing | None:
        """Read every language with a head that was taught the others only, if there are any."""
        languages = np.array([clip.language for clip in self.examples.clips])
        felt = self.examples.target >= 0
        taught = sorted(set(languages[felt]))
        if len(taught) < len(("one", "another")):
            return None
        parts = []
        for language in taught:
            head = self.fit(f"all languages but {language}", languages != language)
            parts.append(self._read(head, felt & (languages == language), MULAW, strange=True))
        return _joined(parts)

    def _parts(self) -> Iterator[tuple[int, int]]:
        telltale = any(clip.script_fold is not None for clip in self.examples.clips)
        yield from product(range(FOLDS), range(len(SCRIPT_PARTS) if telltale else 1))

    def _new_to(self, fold: int, part: int) -> Iterator[Crossing]:
        counted = self._measurable(fold, part)
        if not counted.any():
            return
        number = fold * len(SCRIPT_PARTS) + part + 1
        head = self.fit(
            f"cross-validation {number} of {FOLDS * len(SCRIPT_PARTS)}", self._trainable(fold, part)
        )
        for view in MEASURED_VIEWS:
            yield self._read(head, counted, view)
            if view == MULAW:
                yield self._read(head, counted, view, strange=True)

    def _read(
        self, head: ToneHead, counted: NDArray[np.bool_], view: int, *, strange: bool = False
    ) -> Crossing:
        examples = self.examples
        everything = np.flatnonzero(np.isin(examples.person, examples.person[counted]))
        ordered = together(
            in_drawn_order(
                examples, everything, view, np.random.default_rng([self.seed, view, order])
            )
            for order in range(ORDERS)
        )
        settled = ordered.those(counted[ordered.clip] & (ordered.count >= EARLIER))
        moments = together([alone(examples, np.flatnonzero(counted), view), settled])
        fold = np.array([examples.clips[i].fold for i in moments.clip])
        logits = scored(head, examples, moments, strange=strange)
        return Crossing(moments, fold, np.full(fold.size, strange), logits)

    def _trainable(self, fold: int, part: int) -> NDArray[np.bool_]:
        return np.array([trainable(clip, fold, part) for clip in self.examples.clips])

    def _measurable(self, fold: int, part: int) -> NDArray[np.bool_]:
        return np.array(
            [
                clip.emotion is not None
                and held_out(clip, fold, part)
                # What gives nothing away by its sentence is measured with the first part.
                and (part == 0 or clip.script_fold is not None)
                for clip in self.examples.clips
            ]
        )
