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
from detectors.training.voice.prosody import LEVEL, PROSODY_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.training.voice.examples import Examples

ABSENT_LABEL_BIAS = -1e4
"""Bias of a label that was not heard in a language."""


@dataclass(frozen=True, slots=True)
class LdaConfig:
    """What was found to work by cross-validation; see the model card.

    Attributes:
        shrinkage: share of the covariance that is replaced by a multiple of the identity, 0-1.
        cross_language_share: share of a class's mean that is the other languages', 0-1.
        unlabelled_share: share of a language's covariance from its unlabelled speech, 0-1.
        ridge: of the regression on arousal, as a share of the features' mean variance.
    """

    shrinkage: float = 0.5
    cross_language_share: float = 0.2
    unlabelled_share: float = 0.5
    ridge: float = 1.0


@dataclass(frozen=True, slots=True)
class LanguageDiscriminants:
    """Matrices for all languages, then one for strange ones.

    Attributes:
        matrix: ``float32[languages + 1, D, 9]``: log-likelihoods of the emotions, arousal.
        bias: ``float32[languages + 1, 9]``.
    """

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LdaModel:
    """A head: how features are standardised, and what is heard in them.

    Attributes:
        mean, scale: ``float32[D]``.
        relative: for the difference from the same person's other speech.
        absolute: for speech by itself.
    """

    languages: tuple[str, ...]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    relative: LanguageDiscriminants
    absolute: LanguageDiscriminants


@dataclass(frozen=True, slots=True)
class _LanguageRows:
    """Rows of one language, standardised.

    Attributes:
        rows: ``float32[n, D]``.
        target: column in `EMOTIONS`, -1 without an emotion, ``int64[n]``.
    """

    rows: NDArray[np.float32]
    target: NDArray[np.int64]

    @property
    def has_emotion(self) -> NDArray[np.bool_]:
        return self.target >= 0

    def class_means(self) -> NDArray[np.float64]:
        """Mean of each emotion's rows ``[8, D]``, NaN where there are none."""
        means = np.full((len(EMOTIONS), self.rows.shape[1]), np.nan)
        for label in np.unique(self.target[self.has_emotion]):
            means[label] = self.rows[self.target == label].mean(0)
        return means

    def within_class_covariance(self, unlabelled_share: float) -> NDArray[np.float64]:
        """Covariance within emotions, each counting equally, and within what has none."""
        labels = np.unique(self.target[self.has_emotion])
        within_class = np.mean([_covariance(self.rows[self.target == k]) for k in labels], axis=0)
        if self.has_emotion.all():
            return np.asarray(within_class)
        return np.asarray(
            (1 - unlabelled_share) * within_class
            + unlabelled_share * _covariance(self.rows[~self.has_emotion])
        )


def fit_lda(examples: Examples, clip_indices: NDArray[np.int64], recipe: LdaConfig) -> LdaModel:
    """Fit on the ``clip_indices`` clips, over all lines."""
    features, metadata = (
        examples.features[clip_indices],
        _ClipMetadata.from_examples(examples, clip_indices),
    )
    languages = tuple(sorted(set(metadata.language[metadata.has_emotion]) - {""}))
    shared_mask = np.isin(
        metadata.target, find_shared_labels(metadata.language, metadata.target, languages)
    )
    flat_features = features[shared_mask].reshape(-1, features.shape[2])
    mean, scale = flat_features.mean(0), flat_features.std(0) + 1e-3
    standardised = ((features - mean) / scale).clip(-5.0, 5.0)
    # Lines differ by 30 dB: how loud somebody is says something only beside how loud they were.
    without_level = standardised.copy()
    without_level[:, :, LEVEL] = 0.0
    shared_metadata = metadata.select(shared_mask)
    return LdaModel(
        languages,
        mean.astype(np.float32),
        scale.astype(np.float32),
        _fit_discriminants(
            _FeatureSet(_centre_by_speaker(standardised, metadata), metadata),
            _FeatureSet(
                _centre_by_speaker(standardised[shared_mask], shared_metadata), shared_metadata
            ),
            languages,
            recipe,
        ),
        _fit_discriminants(
            _FeatureSet(without_level, metadata),
            _FeatureSet(without_level[shared_mask], shared_metadata),
            languages,
            recipe,
        ),
    )


@dataclass(frozen=True, slots=True)
class _ClipMetadata:
    """What is known of each clip, ``[n]`` each."""

    language: NDArray[np.str_]
    person: NDArray[np.int64]
    target: NDArray[np.int64]
    arousal: NDArray[np.float32]

    @classmethod
    def from_examples(cls, examples: Examples, clip_indices: NDArray[np.int64]) -> _ClipMetadata:
        language = np.array([examples.clips[i].language for i in clip_indices])
        return cls(
            language,
            examples.person[clip_indices],
            examples.target[clip_indices],
            examples.arousal[clip_indices],
        )

    @property
    def has_emotion(self) -> NDArray[np.bool_]:
        return self.target >= 0

    def select(self, mask: NDArray[np.bool_]) -> _ClipMetadata:
        return _ClipMetadata(
            self.language[mask], self.person[mask], self.target[mask], self.arousal[mask]
        )


@dataclass(frozen=True, slots=True)
class _FeatureSet:
    """Standardised features ``float32[n, views, D]``, and what is known of each clip."""

    features: NDArray[np.float32]
    metadata: _ClipMetadata

    def select_language(self, language: str) -> _LanguageRows:
        mask = self.metadata.language == language
        rows = self.features[mask].reshape(-1, self.features.shape[2])
        return _LanguageRows(rows, np.repeat(self.metadata.target[mask], self.features.shape[1]))


def find_shared_labels(
    language: NDArray[np.str_], target: NDArray[np.int64], languages: Sequence[str]
) -> list[int]:
    """The emotions, as columns of `EMOTIONS`, that clips of every one of the languages have."""
    label_sets = [set(target[(target >= 0) & (language == name)].tolist()) for name in languages]
    return sorted(set.intersection(*label_sets)) if label_sets else []


def _centre_by_speaker(
    features: NDArray[np.float32], metadata: _ClipMetadata
) -> NDArray[np.float32]:
    """Take each person's middle away, over each line: the mean of their emotions' means."""
    result = np.empty_like(features)
    for person in np.unique(metadata.person):
        mask = metadata.person == person
        labels = metadata.target[mask]
        centre = np.mean([features[mask][labels == k].mean(0) for k in np.unique(labels)], axis=0)
        result[mask] = features[mask] - centre
    return result


def _fit_discriminants(
    feature_set: _FeatureSet, shared_set: _FeatureSet, languages: Sequence[str], recipe: LdaConfig
) -> LanguageDiscriminants:
    arousal, intercept = _fit_arousal(feature_set, recipe)
    discriminants = [
        *_fit_known_languages(feature_set, languages, recipe),
        _fit_unknown_language(shared_set, languages, recipe),
    ]
    matrices = [np.column_stack([matrix, arousal]) for matrix, _ in discriminants]
    biases = [np.append(bias, intercept) for _, bias in discriminants]
    return LanguageDiscriminants(
        np.stack(matrices).astype(np.float32), np.stack(biases).astype(np.float32)
    )


Discriminant = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""Matrix ``[D, 8]`` and bias ``[8]``."""


def _fit_known_languages(
    feature_set: _FeatureSet, languages: Sequence[str], recipe: LdaConfig
) -> Iterator[Discriminant]:
    rows_by_language = {language: feature_set.select_language(language) for language in languages}
    means = {language: each.class_means() for language, each in rows_by_language.items()}
    for language, own_means in means.items():
        other_means = [each for name, each in means.items() if name != language]
        covariance = rows_by_language[language].within_class_covariance(recipe.unlabelled_share)
        yield _solve_discriminant(
            _pool_class_means(own_means, other_means, recipe.cross_language_share),
            _shrink(covariance, recipe.shrinkage),
        )


def _fit_unknown_language(
    shared_set: _FeatureSet, languages: Sequence[str], recipe: LdaConfig
) -> Discriminant:
    """For languages that were not taught: what all corpora carry, and how much a voice varies.

    The mean of the encoder's vector is left out: it tells which sounds a language has.
    """
    size = shared_set.features.shape[2]
    columns = np.r_[:PROSODY_SIZE, size - (size - PROSODY_SIZE) // 2 : size]
    language_rows = [shared_set.select_language(language) for language in languages]
    means = _mean_across_languages([each.class_means() for each in language_rows])[:, columns]
    covariance = np.mean([each.within_class_covariance(0.0) for each in language_rows], axis=0)[
        np.ix_(columns, columns)
    ]
    weights, bias = _solve_discriminant(means, _shrink(covariance, recipe.shrinkage))
    matrix = np.zeros((size, weights.shape[1]))
    matrix[columns] = weights
    return matrix, bias


def _pool_class_means(
    own_means: NDArray[np.float64], other_means: list[NDArray[np.float64]], share: float
) -> NDArray[np.float64]:
    if not other_means:
        return own_means
    pooled_means = _mean_across_languages(other_means)
    return np.where(
        np.isnan(pooled_means), own_means, (1 - share) * own_means + share * pooled_means
    )


def _mean_across_languages(means: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean over the languages that have a class; NaN where none has it."""
    stacked = np.stack(means)
    count = (~np.isnan(stacked)).sum(0)
    total = np.nansum(stacked, axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _solve_discriminant(
    means: NDArray[np.float64], covariance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-likelihoods of Gaussians with one covariance, up to what all have in common.

    Every emotion is as likely beforehand: a corpus's mix is its authors' choice.
    """
    matrix = np.zeros((means.shape[1], len(EMOTIONS)))
    bias = np.full(len(EMOTIONS), ABSENT_LABEL_BIAS)
    present = ~np.isnan(means[:, 0])
    matrix[:, present] = np.linalg.solve(covariance, means[present].T)
    bias[present] = -0.5 * (means[present] * matrix[:, present].T).sum(1)
    return matrix, bias


def _covariance(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    deviations = (rows - rows.mean(0)).astype(np.float64)
    return np.asarray(deviations.T @ deviations / max(1, len(deviations)))


def _shrink(covariance: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    size = len(covariance)
    mean_variance = float(np.trace(covariance)) / size
    return np.asarray((1 - share) * covariance + share * mean_variance * np.eye(size))


def _fit_arousal(feature_set: _FeatureSet, recipe: LdaConfig) -> tuple[NDArray[np.float64], float]:
    """Ridge regression on arousal over all languages: weights ``[D]`` and the constant."""
    rated = ~np.isnan(feature_set.metadata.arousal)
    features = feature_set.features[rated]
    flat = features.reshape(-1, features.shape[2])
    ratings = np.repeat(feature_set.metadata.arousal[rated], features.shape[1]).astype(np.float64)
    centre, mean_rating = flat.mean(0).astype(np.float64), ratings.mean()
    covariance = _covariance(flat)
    ridge = recipe.ridge * float(np.trace(covariance)) / len(covariance) * np.eye(len(covariance))
    weights = np.linalg.solve(
        covariance + ridge, (flat - centre).T @ (ratings - mean_rating) / len(flat)
    )
    return weights, float(mean_rating - centre @ weights)
