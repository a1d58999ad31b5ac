"""`callmood train voice`: corpora in; model, split and card out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from detectors.corpora.corpora import TEST_FOLD, clips, weights_licence
from detectors.labels import EMOTIONS
from detectors.training.onnx_export import graph_of, joined, saved, versioned
from detectors.training.voice.calibration import calibrated
from detectors.training.voice.card import card
from detectors.training.voice.cross_validation import Bench
from detectors.training.voice.examples import VIEWS, heard
from detectors.training.voice.feature_graph import SIZE, listening
from detectors.training.voice.figures import shown, shown_abroad
from detectors.training.voice.lda import Recipe
from detectors.training.voice.prosody import LEVEL, PACE, PITCH, VOICING
from detectors.utterance import SAMPLE_RATE
from detectors.voice.model import KIND, STRANGER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx

    from detectors.corpora.corpora import Clip
    from detectors.training.progress import Progress
    from detectors.training.voice.calibration import Calibration
    from detectors.training.voice.feature_graph import Listening
    from detectors.training.voice.model import ToneHead

LICENCE = (
    "Weights for research and demonstration only: trained on RAVDESS (CC BY-NC-SA 4.0), "
    "EmoDB (unverified, research), emotiontts (CC BY-NC-SA 4.0), BAVED (research). "
    "Encoder: Smart Turn v3.2, BSD-2-Clause. Code: Apache-2.0."
)


def train(  # noqa: PLR0913 - what a training is told
    data: Path,
    models: Path,
    *,
    seed: int,
    progress: Progress,
    cache: Path,
    clips: Sequence[Clip] | None = None,
) -> Path:
    """Train on every speaker but the test fold's; write artifact and card into ``models``.

    ``clips`` takes the place of the four corpora below ``data``; ``cache`` is the folder where
    features are kept, so that a second training starts at once.

    Raises:
        CorpusError: ``data`` lacks a corpus, or the speech encoder is not installed.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    ear = listening()
    bench = _bench(data, clips, ear, (seed, cache), progress)
    head = bench.shipped()
    crossing = bench.crossed(progress)
    abroad = bench.abroad(progress)
    calibration = calibrated(bench.examples, crossing, abroad, without=TEST_FOLD)
    path = models / f"{KIND}.onnx"
    licence = LICENCE if clips is None else weights_licence(clips)
    description = _export(ear, head, calibration, path, licence)
    found = shown(bench.examples, crossing)
    strange = shown_abroad(bench.examples, abroad) if abroad else None
    card(found, strange, description, path=path, seed=seed).write(path.with_suffix(".md"))
    return path


def _bench(
    data: Path,
    given: Sequence[Clip] | None,
    ear: Listening,
    how: tuple[int, Path],
    progress: Progress,
) -> Bench:
    seed, cache = how
    found = clips(data) if given is None else list(given)
    step = progress.begin("listening to the clips", len(found))
    examples = heard(found, ear, views=VIEWS, seed=seed, cache=cache / "voice", step=step)
    return Bench(examples, Recipe(), seed)


def _export(
    ear: Listening, head: ToneHead, calibration: Calibration, path: Path, licence: str
) -> dict[str, Any]:
    description: dict[str, Any] = {
        "kind": KIND,
        "name": KIND,
        "licence": licence,
        "labels": list(EMOTIONS),
        "languages": list(head.languages),
        "features": SIZE,
        "sample_rate": SAMPLE_RATE,
        "temperature": {name: list(hot) for name, hot in calibration.temperature.items()},
        "abstain_below": dict(calibration.abstain_below),
        "prosody": {"level": LEVEL, "pitch": PITCH, "voicing": VOICING, "pace": PACE},
        "ear": ear.digest,
    }
    head = head.calibrated(calibration.temperature, STRANGER)
    weights = [np.asarray(weight.numpy()) for weight in head.state_dict().values()]
    description = versioned(description, weights)
    saved(_whole(ear, head), path, description)
    return description


def _whole(ear: Listening, head: ToneHead) -> onnx.ModelProto:
    graph = graph_of(
        head,
        inputs={
            "features": torch.zeros(1, SIZE),
            "baseline": torch.zeros(1, SIZE),
            "count": torch.zeros(1),
            "language": torch.zeros(1, dtype=torch.int64),
        },
        outputs=("scores", "arousal"),
    )
    seen = ("scores", "arousal", "features")
    return joined(ear.model, graph, through="features", seen=seen)
