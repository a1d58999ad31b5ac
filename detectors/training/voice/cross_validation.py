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

from detectors.corpora.corpora import FOLDS, SCRIPT_PARTS, TEST_FOLD, is_held_out, is_trainable
from detectors.training.voice.examples import ALAW, CLEAN, MULAW
from detectors.training.voice.lda import LdaConfig, find_shared_labels, fit_lda
from detectors.training.voice.model import ToneHead
from detectors.training.voice.running_normalisation import (
    RunningBaselines,
    build_with_history,
    build_without_history,
    concatenate_baselines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from detectors.training.progress import Progress
    from detectors.training.voice.examples import Examples

EVALUATION_VIEWS = (CLEAN, MULAW, ALAW)
ORDERS = 3
"""Orders of each speaker's clips that are measured: one order is one chance."""
MIN_EARLIER_UTTERANCES = 2
"""Utterances of the speaker before running normalisation is counted on: from the third on."""


@dataclass(frozen=True, slots=True)
class HeldOutPredictions:
    """Predictions for clips by heads that were not trained on them.

    Attributes:
        inputs: the clips, with the baselines they were read against.
        fold: of each prediction's speaker, ``int64[n]``.
        relative: logits by the change from the baseline, before calibration, ``float64[n, 9]``.
        absolute: logits by the utterance alone, likewise.
    """

    inputs: RunningBaselines
    fold: NDArray[np.int64]
    relative: NDArray[np.float64]
    absolute: NDArray[np.float64]

    def select(self, mask: NDArray[np.bool_]) -> HeldOutPredictions:
        """Select predictions by ``mask bool[n]``."""
        return HeldOutPredictions(
            self.inputs.select(mask),
            self.fold[mask],
            self.relative[mask],
            self.absolute[mask],
        )


def _concatenate(parts: Sequence[HeldOutPredictions]) -> HeldOutPredictions:
    return HeldOutPredictions(
        concatenate_baselines(part.inputs for part in parts),
        np.concatenate([part.fold for part in parts]),
        np.concatenate([part.relative for part in parts]),
        np.concatenate([part.absolute for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class CrossValidator:
    """Fits and measures heads on the same examples."""

    examples: Examples
    recipe: LdaConfig
    seed: int

    def fit(self, mask: NDArray[np.bool_]) -> ToneHead:
        """Fit a head on the clips in ``mask bool[clips]``."""
        return ToneHead(fit_lda(self.examples, np.flatnonzero(mask), self.recipe)).eval()

    def fit_final(self) -> ToneHead:
        """Fit the head that ships: on every speaker but the test fold's."""
        return self.fit(self._training_mask(TEST_FOLD, 0))

    def cross_validate(self, progress: Progress) -> HeldOutPredictions:
        """Read every clip with a head that was trained without its fold.

        Each speaker's clips are read in several random orders, over each evaluation line.
        """
        splits = list(self._iter_splits())
        step = progress.begin("cross-validation", len(splits))
        predictions: list[HeldOutPredictions] = []
        for fold, part in splits:
            predictions += self._predict_held_out(fold, part)
            step()
        return _concatenate(predictions)

    def leave_one_language_out(self, progress: Progress) -> HeldOutPredictions | None:
        """Read every language with a head trained on the other languages.

        Training and measurement use only the emotions that all languages have, because only those
        are classified in an unseen language.

        Returns:
            The predictions; ``None`` with fewer than two labelled languages.
        """
        target = self.examples.target
        languages = np.array([clip.language for clip in self.examples.clips])
        has_emotion = target >= 0
        labelled_languages = sorted(set(languages[has_emotion]))
        if len(labelled_languages) < len(("one", "another")):
            return None
        shared_labels = find_shared_labels(languages, target, labelled_languages)
        step = progress.begin("languages in turn", len(labelled_languages))
        predictions = []
        for language in labelled_languages:
            head = self.fit(
                (languages != language) & (~has_emotion | np.isin(target, shared_labels))
            )
            predictions.append(
                self._predict(head, np.isin(target, shared_labels) & (languages == language), MULAW)
            )
            step()
        return _concatenate(predictions)

    def _iter_splits(self) -> Iterator[tuple[int, int]]:
        has_script_folds = any(clip.script_fold is not None for clip in self.examples.clips)
        yield from product(range(FOLDS), range(len(SCRIPT_PARTS) if has_script_folds else 1))

    def _predict_held_out(self, fold: int, part: int) -> Iterator[HeldOutPredictions]:
        test_mask = self._test_mask(fold, part)
        if not test_mask.any():
            return
        head = self.fit(self._training_mask(fold, part))
        for view in EVALUATION_VIEWS:
            yield self._predict(head, test_mask, view)

    def _predict(self, head: ToneHead, mask: NDArray[np.bool_], view: int) -> HeldOutPredictions:
        examples = self.examples
        speaker_clips = np.flatnonzero(np.isin(examples.person, examples.person[mask]))
        sequences = concatenate_baselines(
            build_with_history(
                examples, speaker_clips, view, np.random.default_rng([self.seed, view, order])
            )
            for order in range(ORDERS)
        )
        with_baseline = sequences.select(
            mask[sequences.clip] & (sequences.count >= MIN_EARLIER_UTTERANCES)
        )
        inputs = concatenate_baselines(
            [build_without_history(examples, np.flatnonzero(mask), view), with_baseline]
        )
        fold = np.array([examples.clips[i].fold for i in inputs.clip])
        return HeldOutPredictions(inputs, fold, *_predict_logits(head, examples, inputs))

    def _training_mask(self, fold: int, part: int) -> NDArray[np.bool_]:
        return np.array([is_trainable(clip, fold, part) for clip in self.examples.clips])

    def _test_mask(self, fold: int, part: int) -> NDArray[np.bool_]:
        return np.array(
            [
                not math.isnan(arousal)  # anything at all is known of it
                and is_held_out(clip, fold, part)
                # What gives nothing away by its sentence is measured with the first part.
                and (part == 0 or clip.script_fold is not None)
                for clip, arousal in zip(self.examples.clips, self.examples.arousal, strict=True)
            ]
        )


def language_indices(
    examples: Examples, clips: NDArray[np.int64], languages: Sequence[str]
) -> Tensor:
    """Number each clip's language as a head does.

    Args:
        examples: all clips.
        clips: indices into them, ``int64[n]``.
        languages: those that the head was trained on, in its order.

    Returns:
        ``int64[n]``; ``len(languages)`` for any other language.
    """
    index_by_language = {language: number for number, language in enumerate(languages)}
    names = [examples.clips[i].language for i in clips]
    return torch.tensor([index_by_language.get(name, len(index_by_language)) for name in names])


def _predict_logits(
    head: ToneHead, examples: Examples, inputs: RunningBaselines
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    language = language_indices(examples, inputs.clip, head.languages)
    with torch.no_grad():
        relative, absolute = head.compute_logits(
            torch.from_numpy(examples.features[inputs.clip, inputs.view]),
            torch.from_numpy(inputs.mean),
            torch.from_numpy(inputs.count),
            language,
        )
    return relative.double().numpy(), absolute.double().numpy()
