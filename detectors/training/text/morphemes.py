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

from detectors.text.normalising import normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

WIDTH = 256
ANCHORS = 420
FREQUENT = 4_000
"""Anchors are drawn from so many of the most frequent morphemes."""
AT_ONCE = 500
"""Lines handed to Kiwi together."""
CODE = "1"
"""Part of the cache's key: raise it when the code below gives other morphemes."""
ITSELF = 0.01
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


def morphemes(texts: Sequence[str], step: Callable[[], None]) -> Morphemes:
    """Take lines apart; ``step`` is called once for every `AT_ONCE` of them."""
    lines = [normalised(text) for text in texts]
    kept = _folder() / f"morphemes-{_key(lines)}.npz"
    if kept.is_file():
        with np.load(kept) as found:
            return Morphemes(found["ids"], found["starts"])
    found_ = _taken_apart(lines, step)
    kept.parent.mkdir(parents=True, exist_ok=True)
    partly = kept.with_name(f"{kept.stem}.{os.getpid()}.npz")
    np.savez_compressed(partly, ids=found_.ids, starts=found_.starts)
    partly.replace(kept)
    return found_


def meanings(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give the directions of morphemes, ``ids [m]`` most frequent first -> ``float32[m, 256]``.

    Around their common mean and of length 1; zero for what the language model does not know.
    """
    kiwi = Kiwi(num_workers=1)
    known = np.array([_similar(kiwi, one, one) > 1 - ITSELF for one in ids.tolist()])
    named = ids[known].tolist()
    among = np.random.default_rng(0).choice(min(FREQUENT, len(named)), ANCHORS, replace=False)
    near = np.array([[_similar(kiwi, one, named[a]) for a in among] for one in named])
    values, directions = np.linalg.eigh((near[among] + near[among].T) / 2)
    own = near @ (directions[:, -WIDTH:] / np.sqrt(values[-WIDTH:]))
    own -= own.mean(0)
    vectors = np.zeros((len(ids), WIDTH), dtype=np.float32)
    vectors[known] = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-6)
    return vectors


def _taken_apart(lines: Sequence[str], step: Callable[[], None]) -> Morphemes:
    kiwi = Kiwi(num_workers=1)
    ids: list[int] = []
    starts = [0]
    for first in range(0, len(lines), AT_ONCE):
        for tokens in kiwi.tokenize(list(lines[first : first + AT_ONCE])):
            ids += [token.id for token in tokens if token.id >= 0]
            starts.append(len(ids))
        step()
    return Morphemes(np.array(ids, dtype=np.int64), np.array(starts, dtype=np.int64))


def _similar(kiwi: Kiwi, one: int, other: int) -> float:
    try:
        return float(kiwi.morpheme_similarity(one, other))
    except ValueError:
        return 0.0


def _folder() -> Path:
    return Path(os.environ.get("CALLMOOD_CACHE", "~/.cache/callmood")).expanduser() / "training"


def _key(lines: Sequence[str]) -> str:
    content = hashlib.sha256(f"{CODE} {__version__}\n".encode())
    for line in lines:
        content.update(line.encode("utf-8", "replace") + b"\n")
    return content.hexdigest()[:24]
