"""Korean morphemes and what they mean, from Kiwi and its neural language model (`kiwipiepy`).

Used in training alone: the model that is served reads n-grams. Kiwi's model package is Apache-2.0.
Its embeddings are reached through similarities to a set of anchors, which is the public way: the
language model has 256 dimensions, so 420 anchors tell all that there is to know.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from kiwipiepy import (  # type: ignore[import-untyped,unused-ignore]  # no stubs
    Kiwi,
    __version__,
)

from detectors.text.normalising import normalise_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

WIDTH = 256
ANCHORS = 420
ANCHOR_POOL = 4_000
"""Anchors are drawn from so many of the most frequent morphemes."""
BATCH_SIZE = 500
"""Lines handed to Kiwi together."""
CACHE_VERSION = "1"
"""Part of the cache's key: raise it when the code below gives other morphemes."""
SELF_SIMILARITY_TOLERANCE = 0.01
"""A morpheme that Kiwi knows is this similar to itself, at the least, to 1."""


@dataclass(frozen=True, slots=True)
class Morphemes:
    """The morphemes of lines, one line after the other.

    Attributes:
        ids: Kiwi's numbers, ``int64[all]``; those it does not know are left out.
        starts: where each line begins in ``ids``, ``int64[lines + 1]``.
    """

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]


def extract_morphemes(texts: Sequence[str], step: Callable[[], None]) -> Morphemes:
    """Take lines apart; ``step`` is called once for every `BATCH_SIZE` of them."""
    lines = [normalise_text(text) for text in texts]
    cache_file = _cache_folder() / f"morphemes-{_cache_key(lines)}.npz"
    if cache_file.is_file():
        with np.load(cache_file) as cached:
            return Morphemes(cached["ids"], cached["starts"])
    tokenised = _tokenise(lines, step)
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    temporary_file = cache_file.with_name(f"{cache_file.stem}.{os.getpid()}.npz")
    np.savez_compressed(temporary_file, ids=tokenised.ids, starts=tokenised.starts)
    temporary_file.replace(cache_file)
    return tokenised


def embed_morphemes(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give the directions of morphemes, ``ids [m]`` most frequent first -> ``float32[m, 256]``.

    Around their common mean and of length 1; zero for what the language model does not know.
    """
    kiwi = Kiwi(num_workers=1)
    is_known = np.array(
        [
            _similarity(kiwi, morpheme, morpheme) > 1 - SELF_SIMILARITY_TOLERANCE
            for morpheme in ids.tolist()
        ]
    )
    known_ids = ids[is_known].tolist()
    anchors = np.random.default_rng(0).choice(
        min(ANCHOR_POOL, len(known_ids)), ANCHORS, replace=False
    )
    similarities = np.array(
        [
            [_similarity(kiwi, morpheme, known_ids[anchor]) for anchor in anchors]
            for morpheme in known_ids
        ]
    )
    values, directions = np.linalg.eigh((similarities[anchors] + similarities[anchors].T) / 2)
    projected = similarities @ (directions[:, -WIDTH:] / np.sqrt(values[-WIDTH:]))
    projected -= projected.mean(0)
    vectors = np.zeros((len(ids), WIDTH), dtype=np.float32)
    vectors[is_known] = projected / np.maximum(
        np.linalg.norm(projected, axis=1, keepdims=True), 1e-6
    )
    return vectors


def _tokenise(lines: Sequence[str], step: Callable[[], None]) -> Morphemes:
    kiwi = Kiwi(num_workers=1)
    ids: list[int] = []
    starts = [0]
    for start in range(0, len(lines), BATCH_SIZE):
        for tokens in kiwi.tokenize(list(lines[start : start + BATCH_SIZE])):
            ids += [token.id for token in tokens if token.id >= 0]
            starts.append(len(ids))
        step()
    return Morphemes(np.array(ids, dtype=np.int64), np.array(starts, dtype=np.int64))


def _similarity(kiwi: Kiwi, first: int, second: int) -> float:
    try:
        return float(kiwi.morpheme_similarity(first, second))
    except ValueError:
        return 0.0


def _cache_folder() -> Path:
    return Path(os.environ.get("CALLMOOD_CACHE", "~/.cache/callmood")).expanduser() / "training"


def _cache_key(lines: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{CACHE_VERSION} {__version__}\n".encode())
    for line in lines:
        digest.update(line.encode("utf-8", "replace") + b"\n")
    return digest.hexdigest()[:24]
