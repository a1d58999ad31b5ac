"""`callmood train gate`: corpora in, sounds made on the way; weights and card out."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
import torch

from detectors.corpora.corpora import TEST_FOLD, load_clips, load_sound
from detectors.training.gate.card import write_card
from detectors.training.gate.network import EPOCHS, export_weights, fit_network
from detectors.training.gate.scenes import UNLABELLED, draw_scene
from detectors.voice.sound_features import sound_features
from detectors.voice.speech_gate import KINDS, SPEECH_GATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.corpora.corpora import Clip
    from detectors.training.gate.network import GateNetwork
    from detectors.training.progress import Progress

SCENES = 4_500
DEV_SCENES = 400
SCENE_SECONDS = 8.0

Speech = list[list["NDArray[np.int16]"]]


def train(data: Path, models: Path, *, seed: int, progress: Progress) -> Path:
    """Train on every speaker but the test fold's; write weights and card into ``models``.

    Raises:
        CorpusError: ``data`` lacks a corpus.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    clips = load_clips(data)
    taught = [clip for clip in clips if clip.fold != TEST_FOLD]
    features, labels = _draw_scenes(taught, SCENES, (seed, 0), progress)
    network = fit_network(
        features, labels, seed=seed, step=progress.begin("fitting the gate", EPOCHS)
    )
    held_out = [clip for clip in clips if clip.fold == TEST_FOLD]
    confusion = _count_confusion(network, *_draw_scenes(held_out, DEV_SCENES, (seed, 1), progress))
    path = models / SPEECH_GATE.name
    np.savez(path, allow_pickle=False, **export_weights(network))
    write_card(path, clips=taught, scenes=SCENES, confusion=confusion, seed=seed)
    return path


def _draw_scenes(
    clips: Sequence[Clip], count: int, seed: tuple[int, int], progress: Progress
) -> tuple[torch.Tensor, torch.Tensor]:
    speech = _load_speech(clips)
    step = progress.begin("making scenes", count)
    features, labels = [], []
    with ProcessPoolExecutor(
        os.cpu_count(), get_context("spawn"), initializer=_keep_speech, initargs=(speech,)
    ) as pool:
        for scene_features, scene_labels in pool.map(
            partial(_describe_scene, seed), range(count), chunksize=20
        ):
            features.append(scene_features)
            labels.append(scene_labels)
            step()
    return torch.from_numpy(np.stack(features)), torch.from_numpy(np.stack(labels))


def _load_speech(clips: Sequence[Clip]) -> Speech:
    corpora = sorted({clip.corpus for clip in clips})
    return [[load_sound(clip.path) for clip in clips if clip.corpus == name] for name in corpora]


_speech: Speech = []
"""The clips of this worker process: they are sent once, not with each scene."""


def _keep_speech(speech: Speech) -> None:
    _speech[:] = speech


def _describe_scene(
    seed: tuple[int, int], number: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    scene = draw_scene(np.random.default_rng([*seed, number]), _speech, SCENE_SECONDS)
    return sound_features(scene.pcm), scene.labels


def _count_confusion(
    network: GateNetwork, features: torch.Tensor, labels: torch.Tensor
) -> NDArray[np.int64]:
    """Blocks by true kind (rows) and by the likeliest one (columns), ``int64[4, 4]``."""
    with torch.no_grad():
        decided = network(features).argmax(2)
    is_labelled = labels != UNLABELLED
    confusion = np.zeros((len(KINDS), len(KINDS)), dtype=np.int64)
    np.add.at(confusion, (labels[is_labelled].numpy(), decided[is_labelled].numpy()), 1)
    return confusion
