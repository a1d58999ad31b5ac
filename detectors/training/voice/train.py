"""`callmood train voice`: corpora in; model, split and card out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from detectors.corpora.corpora import TEST_FOLD, describe_weights_licence, load_clips
from detectors.labels import EMOTIONS
from detectors.training.onnx_export import add_version, export_graph, join_graphs, save_graph
from detectors.training.voice.calibration import fit_calibration
from detectors.training.voice.card import build_card
from detectors.training.voice.cross_validation import CrossValidator
from detectors.training.voice.examples import VIEWS, build_examples
from detectors.training.voice.feature_graph import FEATURE_SIZE, build_feature_graph
from detectors.training.voice.figures import calibrate_cross_lingual, calibrate_folds
from detectors.training.voice.lda import LdaConfig
from detectors.training.voice.prosody import LEVEL, PACE, PITCH, VOICING
from detectors.utterance import SAMPLE_RATE
from detectors.voice.model import KIND, UNKNOWN_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx

    from detectors.corpora.corpora import Clip
    from detectors.training.progress import Progress
    from detectors.training.voice.calibration import VoiceCalibration
    from detectors.training.voice.feature_graph import FeatureGraph
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
    extractor = build_feature_graph()
    bench = _build_bench(data, clips, extractor, (seed, cache), progress)
    head = bench.fit_final()
    cross_validated = bench.cross_validate(progress)
    cross_lingual = bench.leave_one_language_out(progress)
    calibration = fit_calibration(
        bench.examples, cross_validated, cross_lingual, held_out_fold=TEST_FOLD
    )
    path = models / f"{KIND}.onnx"
    licence = LICENCE if clips is None else describe_weights_licence(clips)
    description = _export(extractor, head, calibration, path, licence)
    readings = calibrate_folds(bench.examples, cross_validated)
    cross_lingual_readings = (
        calibrate_cross_lingual(bench.examples, cross_lingual) if cross_lingual else None
    )
    build_card(readings, cross_lingual_readings, description, path=path, seed=seed).write(
        path.with_suffix(".md")
    )
    return path


def _build_bench(
    data: Path,
    chosen_clips: Sequence[Clip] | None,
    extractor: FeatureGraph,
    seed_and_cache: tuple[int, Path],
    progress: Progress,
) -> CrossValidator:
    seed, cache = seed_and_cache
    clip_list = load_clips(data) if chosen_clips is None else list(chosen_clips)
    step = progress.begin("listening to the clips", len(clip_list))
    examples = build_examples(
        clip_list, extractor, views=VIEWS, seed=seed, cache=cache / "voice", step=step
    )
    return CrossValidator(examples, LdaConfig(), seed)


def _export(
    extractor: FeatureGraph, head: ToneHead, calibration: VoiceCalibration, path: Path, licence: str
) -> dict[str, Any]:
    description: dict[str, Any] = {
        "kind": KIND,
        "name": KIND,
        "licence": licence,
        "labels": list(EMOTIONS),
        "languages": list(head.languages),
        "features": FEATURE_SIZE,
        "sample_rate": SAMPLE_RATE,
        "temperature": {
            name: list(temperatures) for name, temperatures in calibration.temperature.items()
        },
        "abstain_below": dict(calibration.abstain_below),
        "prosody": {"level": LEVEL, "pitch": PITCH, "voicing": VOICING, "pace": PACE},
        "ear": extractor.digest,
    }
    head = head.set_temperatures(calibration.temperature, UNKNOWN_LANGUAGE)
    weights = [np.asarray(weight.numpy()) for weight in head.state_dict().values()]
    description = add_version(description, weights)
    save_graph(_merge_graphs(extractor, head), path, description)
    return description


def _merge_graphs(extractor: FeatureGraph, head: ToneHead) -> onnx.ModelProto:
    graph = export_graph(
        head,
        inputs={
            "features": torch.zeros(1, FEATURE_SIZE),
            "baseline": torch.zeros(1, FEATURE_SIZE),
            "count": torch.zeros(1),
            "language": torch.zeros(1, dtype=torch.int64),
        },
        outputs=("scores", "arousal"),
    )
    output_names = ("scores", "arousal", "features")
    return join_graphs(extractor.model, graph, tensor="features", outputs=output_names)
