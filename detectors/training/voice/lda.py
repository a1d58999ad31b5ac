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
from detectors.training.voice.prosody import LEVEL, PROSODY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.training.voice.examples import Examples

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
    languages = tuple(sorted(set(rows.language[rows.felt]) - {""}))
    shared = np.isin(rows.target, carried_by_all(rows.language, rows.target, languages))
    every = features[shared].reshape(-1, features.shape[2])
    mean, scale = every.mean(0), every.std(0) + 1e-3
    plain = ((features - mean) / scale).clip(-5.0, 5.0)
    # Lines differ by 30 dB: how loud somebody is says something only beside how loud they were.
    alone = plain.copy()
    alone[:, :, LEVEL] = 0.0
    few = rows.those(shared)
    return Fitted(
        languages,
        mean.astype(np.float32),
        scale.astype(np.float32),
        _linear(
            _Heard(_centred(plain, rows), rows),
            _Heard(_centred(plain[shared], few), few),
            languages,
            recipe,
        ),
        _linear(_Heard(alone, rows), _Heard(alone[shared], few), languages, recipe),
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

    def those(self, kept: NDArray[np.bool_]) -> _Rows:
        return _Rows(self.language[kept], self.person[kept], self.target[kept], self.arousal[kept])


@dataclass(frozen=True, slots=True)
class _Heard:
    """Standardised features ``float32[n, views, D]``, and what is known of each clip."""

    features: NDArray[np.float32]
    rows: _Rows

    def spoken(self, language: str) -> _Spoken:
        kept = self.rows.language == language
        rows = self.features[kept].reshape(-1, self.features.shape[2])
        return _Spoken(rows, np.repeat(self.rows.target[kept], self.features.shape[1]))


def carried_by_all(
    language: NDArray[np.str_], target: NDArray[np.int64], languages: Sequence[str]
) -> list[int]:
    """The emotions, as columns of `EMOTIONS`, that clips of every one of the languages have."""
    carried = [set(target[(target >= 0) & (language == each)].tolist()) for each in languages]
    return sorted(set.intersection(*carried)) if carried else []


def _centred(features: NDArray[np.float32], rows: _Rows) -> NDArray[np.float32]:
    """Take each person's middle away, over each line: the mean of their emotions' means."""
    result = np.empty_like(features)
    for person in np.unique(rows.person):
        own = rows.person == person
        labels = rows.target[own]
        middle = np.mean([features[own][labels == k].mean(0) for k in np.unique(labels)], axis=0)
        result[own] = features[own] - middle
    return result


def _linear(heard: _Heard, shared: _Heard, languages: Sequence[str], recipe: Recipe) -> Linear:
    arousal, level = _arousal(heard, recipe)
    told = [
        *_own(heard, languages, recipe),
        _strange(shared, languages, recipe),
    ]
    matrices = [np.column_stack([matrix, arousal]) for matrix, _ in told]
    biases = [np.append(bias, level) for _, bias in told]
    return Linear(np.stack(matrices).astype(np.float32), np.stack(biases).astype(np.float32))


Found = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""Matrix ``[D, 8]`` and bias ``[8]``."""


def _own(heard: _Heard, languages: Sequence[str], recipe: Recipe) -> Iterator[Found]:
    spoken = {language: heard.spoken(language) for language in languages}
    means = {language: each.means() for language, each in spoken.items()}
    for language, own in means.items():
        others = [each for name, each in means.items() if name != language]
        spread = spoken[language].spread(recipe.unlabelled)
        yield _discriminant(
            _borrowed(own, others, recipe.borrowed), _shrunk(spread, recipe.shrinkage)
        )


def _strange(shared: _Heard, languages: Sequence[str], recipe: Recipe) -> Found:
    """For languages that were not taught: what all corpora carry, and how much a voice varies.

    The mean of the encoder's vector is left out: it tells which sounds a language has.
    """
    size = shared.features.shape[2]
    kept = np.r_[:PROSODY, size - (size - PROSODY) // 2 : size]
    spoken = [shared.spoken(language) for language in languages]
    means = _mean_of([each.means() for each in spoken])[:, kept]
    spread = np.mean([each.spread(0.0) for each in spoken], axis=0)[np.ix_(kept, kept)]
    few, bias = _discriminant(means, _shrunk(spread, recipe.shrinkage))
    matrix = np.zeros((size, few.shape[1]))
    matrix[kept] = few
    return matrix, bias


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


def _arousal(heard: _Heard, recipe: Recipe) -> tuple[NDArray[np.float64], float]:
    """Ridge regression on arousal over all languages: weights ``[D]`` and the constant."""
    rated = ~np.isnan(heard.rows.arousal)
    features = heard.features[rated]
    flat = features.reshape(-1, features.shape[2])
    wanted = np.repeat(heard.rows.arousal[rated], features.shape[1]).astype(np.float64)
    middle, level = flat.mean(0).astype(np.float64), wanted.mean()
    covariance = _covariance(flat)
    ridge = recipe.ridge * float(np.trace(covariance)) / len(covariance) * np.eye(len(covariance))
    weights = np.linalg.solve(covariance + ridge, (flat - middle).T @ (wanted - level) / len(flat))
    return weights, float(level - middle @ weights)
