"""Scenes say what is heard when, and a small training makes a gate that loads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")


from detectors.training.gate import network, scenes, train  # noqa: E402
from detectors.training.gate.lines import CODECS, code  # noqa: E402
from detectors.training.progress import NullProgress  # noqa: E402
from detectors.voice.external.test_signals import synthesise_voice  # noqa: E402
from detectors.voice.sound_features import BLOCK_SAMPLES, FEATURES  # noqa: E402
from detectors.voice.speech_gate import KINDS, SpeechGate, read_speech_gate  # noqa: E402

if TYPE_CHECKING:
    from detectors.corpora.corpora import Clip
    from detectors.corpora.telephone_channel import Codec

DATA = Path("../shared/data")
SPEECH = [[synthesise_voice(1_500), synthesise_voice(2_500, pitch_hz=220)]]


def test_a_scene_is_the_same_for_the_same_seed_and_has_a_label_for_each_block() -> None:
    first, again, other = (
        scenes.draw_scene(np.random.default_rng(seed), SPEECH, 8.0) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.pcm, again.pcm)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.array_equal(first.pcm, other.pcm)
    assert first.labels.size == first.pcm.size // BLOCK_SAMPLES


def test_scenes_teach_every_kind() -> None:
    labels = [
        scenes.draw_scene(np.random.default_rng(seed), SPEECH, 8.0).labels for seed in range(12)
    ]
    assert set(range(len(KINDS))) <= set(np.concatenate(labels).tolist())


def test_speech_is_labelled_where_the_voice_is_and_short_pauses_belong_to_it() -> None:
    voice = np.zeros(4_000 * 4)
    voice[4_000:8_000] = 1.0
    voice[9_600:12_000] = 1.0
    noise = KINDS.index(scenes.SoundKind.NOISE)
    labels = scenes._block_labels(voice, np.zeros(voice.size), np.full(voice.size, noise))
    assert labels.tolist() == [noise] * 5 + [0] * 10 + [noise] * 5


def test_speech_lost_in_louder_noise_teaches_nothing() -> None:
    voice, loud = np.full(8_000, 0.1), np.full(8_000, 1.0)
    labels = scenes._block_labels(voice, loud, np.full(8_000, 3))
    assert set(labels.tolist()) == {scenes.UNLABELLED}


@pytest.mark.parametrize("codec", CODECS)
def test_a_coded_sound_is_as_long_and_nearly_as_loud(codec: Codec | str) -> None:
    pcm = synthesise_voice(1_010)
    coded = code(pcm, codec)
    assert coded.shape == pcm.shape
    assert coded.astype(float).std() == pytest.approx(pcm.astype(float).std(), rel=0.15)


def test_the_gate_in_numpy_computes_what_the_network_does() -> None:
    features = torch.randn(6, 40, FEATURES)
    labels = torch.randint(0, len(KINDS), (6, 40))
    fitted = network.fit_network(
        features.repeat(8, 1, 1), labels.repeat(8, 1), seed=0, step=lambda: None
    )
    gate = SpeechGate(network.export_weights(fitted))
    with torch.no_grad():
        expected = fitted(features[:1])[0].numpy()
    np.testing.assert_allclose(gate._logits(features[0].numpy()), expected, atol=1e-3)


@pytest.mark.slow
def test_a_small_training_writes_a_gate_that_loads_and_a_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not DATA.is_dir() and not os.environ.get("CI"):
        pytest.skip("../shared/data is not here")
    every = train.load_clips

    def some(root: Path) -> list[Clip]:
        return every(root)[::40]

    monkeypatch.setattr(train, "load_clips", some)
    monkeypatch.setattr(train, "SCENES", 64)
    monkeypatch.setattr(train, "DEV_SCENES", 8)
    path = train.train(DATA, tmp_path, seed=1, progress=NullProgress())
    assert read_speech_gate(path).split(synthesise_voice(1_000))
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert "research and demonstration only" in card
    assert "callmood train gate --seed 1" in card
