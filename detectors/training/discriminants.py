"""Fitting the voice-tone head: linear discriminant analysis (Fisher, 1936), language by language.

With a few hundred clips of a handful of people and 772 numbers each, a discriminant whose
covariance is shrunk (Friedman, 1989, "Regularized discriminant analysis") told emotions of new
speakers apart better than perceptrons did, and is fitted in seconds. Its covariance is that of one
person saying different things in one emotion: what a voice does that is not emotion. Speech
without labels teaches that too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.labels import EMOTIONS
from detectors.training.hearing import LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.training.voice_examples import Examples

NEVER = -1e4
"""Bias of a label that was not heard in a language."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What was found to work by cross-validation; see the model card.

    Attributes:
        shrinkage: share of the covariance that is replaced by a multiple of the identity, 0-1.
        borrowed: how much of a class's mean is that of the other languages' classes, 0-1.
        unlabelled: share of a language's covariance taken from its speech without labels, if any.
        ridge: of the regression on arousal, as a share of the features' mean variance.
    """

    shrinkage: float = 0.5
    borrowed: float = 0.2
    unlabelled: float = 0.5
    ridge: float = 1.0


@dataclass(frozen=True, slots=True)
class Linear:
    """Matrices for all languages, then one for strange ones.

    Attributes:
        matrix: ``float32[languages + 1, D, 9]``: log-likelihoods of the emotions, arousal.
        bias: ``float32[languages + 1, 9]``.
    """

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head: how features are standardised, and what is heard in them.

    Attributes:
        mean, scale: ``float32[D]``.
        changed: for the difference from the same person's other speech.
        plain: for speech by itself.
    """

    languages: tuple[str, ...]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    changed: Linear
    plain: Linear


@dataclass(frozen=True, slots=True)
class _Spoken:
    """Rows of one language, standardised.

    Attributes:
        rows: ``float32[n, D]``.
        target: column in `EMOTIONS`, -1 without an emotion, ``int64[n]``.
    """

    rows: NDArray[np.float32]
    target: NDArray[np.int64]

    @property
    def felt(self) -> NDArray[np.bool_]:
        return self.target >= 0

    def means(self) -> NDArray[np.float64]:
        """Mean of each emotion's rows ``[8, D]``, NaN where there are none."""
        found = np.full((len(EMOTIONS), self.rows.shape[1]), np.nan)
        for label in np.unique(self.target[self.felt]):
            found[label] = self.rows[self.target == label].mean(0)
        return found

    def spread(self, unlabelled: float) -> NDArray[np.float64]:
        """Covariance within emotions, each counting equally, and within what has none."""
        labels = np.unique(self.target[self.felt])
        within = np.mean([_covariance(self.rows[self.target == k]) for k in labels], axis=0)
        if self.felt.all():
            return np.asarray(within)
        return np.asarray(
            (1 - unlabelled) * within + unlabelled * _covariance(self.rows[~self.felt])
        )


def fitted(examples: Examples, chosen: NDArray[np.int64], recipe: Recipe) -> Fitted:
    """Fit on the ``chosen`` clips, over all lines."""
    features, rows = examples.features[chosen], _Rows.of(examples, chosen)
    every = features[rows.felt].reshape(-1, features.shape[2])
    mean, scale = every.mean(0), every.std(0) + 1e-3
    plain = ((features - mean) / scale).clip(-5.0, 5.0)
    changed = _centred(plain, rows)
    plain = plain.copy()
    # Lines differ by 30 dB: how loud somebody is says something only beside how loud they were.
    plain[:, :, LEVEL] = 0.0
    languages = tuple(sorted(set(rows.language[rows.felt]) - {""}))
    return Fitted(
        languages,
        mean.astype(np.float32),
        scale.astype(np.float32),
        _linear(changed, rows, languages, recipe),
        _linear(plain, rows, languages, recipe),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is known of each clip, ``[n]`` each."""

    language: NDArray[np.str_]
    person: NDArray[np.int64]
    target: NDArray[np.int64]
    arousal: NDArray[np.float32]

    @classmethod
    def of(cls, examples: Examples, chosen: NDArray[np.int64]) -> _Rows:
        language = np.array([examples.clips[i].language for i in chosen])
        return cls(
            language, examples.person[chosen], examples.target[chosen], examples.arousal[chosen]
        )

    @property
    def felt(self) -> NDArray[np.bool_]:
        return self.target >= 0


def _centred(features: NDArray[np.float32], rows: _Rows) -> NDArray[np.float32]:
    """Take each person's middle away, over each line: the mean of their emotions' means."""
    result = np.empty_like(features)
    for person in np.unique(rows.person):
        own = rows.person == person
        labels = rows.target[own]
        middle = np.mean([features[own][labels == k].mean(0) for k in np.unique(labels)], axis=0)
        result[own] = features[own] - middle
    return result


def _linear(
    features: NDArray[np.float32], rows: _Rows, languages: Sequence[str], recipe: Recipe
) -> Linear:
    spoken = {
        language: _spoken(features, rows, rows.language == language) for language in languages
    }
    arousal, level = _arousal(features, rows, recipe)
    matrices, biases = [], []
    for means, spread in _told(spoken, recipe):
        matrix, bias = _discriminant(means, _shrunk(spread, recipe.shrinkage))
        matrices.append(np.column_stack([matrix, arousal]))
        biases.append(np.append(bias, level))
    return Linear(np.stack(matrices).astype(np.float32), np.stack(biases).astype(np.float32))


def _spoken(features: NDArray[np.float32], rows: _Rows, kept: NDArray[np.bool_]) -> _Spoken:
    views = features.shape[1]
    return _Spoken(
        features[kept].reshape(-1, features.shape[2]), np.repeat(rows.target[kept], views)
    )


def _told(
    spoken: dict[str, _Spoken], recipe: Recipe
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Class means and covariance of each language, then of a strange one."""
    means = {language: each.means() for language, each in spoken.items()}
    spreads = {language: each.spread(recipe.unlabelled) for language, each in spoken.items()}
    for language, own in means.items():
        others = [each for name, each in means.items() if name != language]
        yield _borrowed(own, others, recipe.borrowed), spreads[language]
    yield _mean_of(list(means.values())), np.mean(list(spreads.values()), axis=0)


def _borrowed(
    own: NDArray[np.float64], others: list[NDArray[np.float64]], share: float
) -> NDArray[np.float64]:
    if not others:
        return own
    there = _mean_of(others)
    return np.where(np.isnan(there), own, (1 - share) * own + share * there)


def _mean_of(means: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean over the languages that have a class; NaN where none has it."""
    stacked = np.stack(means)
    count = (~np.isnan(stacked)).sum(0)
    total = np.nansum(stacked, axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _discriminant(
    means: NDArray[np.float64], covariance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-likelihoods of Gaussians with one covariance, up to what all have in common.

    Every emotion is as likely beforehand: a corpus's mix is its authors' choice.
    """
    matrix = np.zeros((means.shape[1], len(EMOTIONS)))
    bias = np.full(len(EMOTIONS), NEVER)
    told = ~np.isnan(means[:, 0])
    matrix[:, told] = np.linalg.solve(covariance, means[told].T)
    bias[told] = -0.5 * (means[told] * matrix[:, told].T).sum(1)
    return matrix, bias


def _covariance(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    off = (rows - rows.mean(0)).astype(np.float64)
    return np.asarray(off.T @ off / max(1, len(off)))


def _shrunk(covariance: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    size = len(covariance)
    level = float(np.trace(covariance)) / size
    return np.asarray((1 - share) * covariance + share * level * np.eye(size))


def _arousal(
    features: NDArray[np.float32], rows: _Rows, recipe: Recipe
) -> tuple[NDArray[np.float64], float]:
    """Ridge regression on arousal over all languages: weights ``[D]`` and the constant."""
    rated = ~np.isnan(rows.arousal)
    flat = features[rated].reshape(-1, features.shape[2]).astype(np.float64)
    wanted = np.repeat(rows.arousal[rated], features.shape[1]).astype(np.float64)
    middle, level = flat.mean(0), wanted.mean()
    covariance = _covariance(features[rated].reshape(-1, features.shape[2]))
    size = len(covariance)
    ridge = recipe.ridge * np.trace(covariance) / size * np.eye(size)
    weights = np.linalg.solve(covariance + ridge, (flat - middle).T @ (wanted - level) / len(flat))
    return weights, float(level - middle @ weights)
