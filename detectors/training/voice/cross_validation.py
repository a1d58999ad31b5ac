"""Cross-validation of the voice model: every clip is read by a head that is new to it.

It knows neither the clip's speaker nor, where the sentence tells the label, its sentence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import torch

from detectors.corpora.corpora import FOLDS, SCRIPT_PARTS, TEST_FOLD, held_out, trainable
from detectors.training.voice.examples import ALAW, CLEAN, MULAW
from detectors.training.voice.lda import Recipe, carried_by_all, fitted
from detectors.training.voice.model import ToneHead
from detectors.training.voice.running_normalisation import Moments, alone, in_drawn_order, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from detectors.training.progress import Progress
    from detectors.training.voice.examples import Examples

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
        changed, plain: the head's two opinions before calibration, ``float64[n, 9]``.
    """

    moments: Moments
    fold: NDArray[np.int64]
    changed: NDArray[np.float64]
    plain: NDArray[np.float64]

    def those(self, kept: NDArray[np.bool_]) -> Crossing:
        """Keep some readings."""
        return Crossing(
            self.moments.those(kept),
            self.fold[kept],
            self.changed[kept],
            self.plain[kept],
        )


def _joined(parts: Sequence[Crossing]) -> Crossing:
    return Crossing(
        together(part.moments for part in parts),
        np.concatenate([part.fold for part in parts]),
        np.concatenate([part.changed for part in parts]),
        np.concatenate([part.plain for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class Bench:
    """What every fit of one training shares."""

    examples: Examples
    recipe: Recipe
    seed: int

    def fit(self, chosen: NDArray[np.bool_]) -> ToneHead:
        """Fit on these clips."""
        return ToneHead(fitted(self.examples, np.flatnonzero(chosen), self.recipe)).eval()

    def shipped(self) -> ToneHead:
        """Fit the head that ships: on every speaker but the test fold's."""
        return self.fit(self._trainable(TEST_FOLD, 0))

    def crossed(self, progress: Progress) -> Crossing:
        """Read every clip, each speaker in several orders, over each line."""
        parts = list(self._parts())
        step = progress.begin("cross-validation", len(parts))
        found: list[Crossing] = []
        for fold, part in parts:
            found += self._new_to(fold, part)
            step()
        return _joined(found)

    def abroad(self, progress: Progress) -> Crossing | None:
        """Read every language with a head that was taught the others only, if there are any.

        They are taught, and measured with, the emotions that all languages have: no other is
        told apart in a strange language.
        """
        target = self.examples.target
        languages = np.array([clip.language for clip in self.examples.clips])
        felt = target >= 0
        taught = sorted(set(languages[felt]))
        if len(taught) < len(("one", "another")):
            return None
        shared = carried_by_all(languages, target, taught)
        step = progress.begin("languages in turn", len(taught))
        parts = []
        for language in taught:
            head = self.fit((languages != language) & (~felt | np.isin(target, shared)))
            parts.append(self._read(head, np.isin(target, shared) & (languages == language), MULAW))
            step()
        return _joined(parts)

    def _parts(self) -> Iterator[tuple[int, int]]:
        telltale = any(clip.script_fold is not None for clip in self.examples.clips)
        yield from product(range(FOLDS), range(len(SCRIPT_PARTS) if telltale else 1))

    def _new_to(self, fold: int, part: int) -> Iterator[Crossing]:
        counted = self._measurable(fold, part)
        if not counted.any():
            return
        head = self.fit(self._trainable(fold, part))
        for view in MEASURED_VIEWS:
            yield self._read(head, counted, view)

    def _read(self, head: ToneHead, counted: NDArray[np.bool_], view: int) -> Crossing:
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
        return Crossing(moments, fold, *_opinions(head, examples, moments))

    def _trainable(self, fold: int, part: int) -> NDArray[np.bool_]:
        return np.array([trainable(clip, fold, part) for clip in self.examples.clips])

    def _measurable(self, fold: int, part: int) -> NDArray[np.bool_]:
        return np.array(
            [
                not math.isnan(arousal)  # anything at all is known of it
                and held_out(clip, fold, part)
                # What gives nothing away by its sentence is measured with the first part.
                and (part == 0 or clip.script_fold is not None)
                for clip, arousal in zip(self.examples.clips, self.examples.arousal, strict=True)
            ]
        )


def numbers(examples: Examples, clips: NDArray[np.int64], languages: Sequence[str]) -> Tensor:
    """Number each clip's language as a head does, ``int64[clips]``; strange ones come last."""
    known = {language: number for number, language in enumerate(languages)}
    names = [examples.clips[i].language for i in clips]
    return torch.tensor([known.get(name, len(known)) for name in names])


def _opinions(
    head: ToneHead, examples: Examples, moments: Moments
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    language = numbers(examples, moments.clip, head.languages)
    with torch.no_grad():
        changed, plain = head.opinions(
            torch.from_numpy(examples.features[moments.clip, moments.view]),
            torch.from_numpy(moments.mean),
            torch.from_numpy(moments.count),
            language,
        )
    return changed.double().numpy(), plain.double().numpy()
