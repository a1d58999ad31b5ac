"""A site's own voice model beyond the contract: what is handed to it, and what comes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.artifact import DESCRIPTION_KEY
from detectors.detector import DetectorUnavailableError, UnusableUtteranceError
from detectors.labels import Emotion
from detectors.registry import find_voice_detector
from detectors.utterance import SpeakerBaseline
from detectors.voice.external.description import sidecar_path
from detectors.voice.external.detector import ExternalVoiceModel
from detectors.voice.model import ARTIFACT, VoiceTone
from tests.detectors.sounds import synthesise_voice, utterance
from tests.detectors.voice.external.own_models import OwnModel, onnx

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.onnx"


def plugged(path: Path, model: OwnModel) -> ExternalVoiceModel:
    return ExternalVoiceModel(model.save(path))


def test_probabilities_and_logits_of_one_model_read_alike(path: Path) -> None:
    logits = plugged(path, OwnModel()).read(utterance())
    ready = plugged(path, OwnModel(scores="probabilities")).read(utterance())
    assert ready.scores == pytest.approx(logits.scores, abs=1e-5)


def test_a_higher_temperature_makes_logits_less_sure(path: Path) -> None:
    sure = plugged(path, OwnModel()).read(utterance())
    cool = plugged(path, OwnModel(more={"temperature": 4})).read(utterance())
    assert cool.label == sure.label
    assert cool.confidence < sure.confidence


def test_below_its_threshold_it_abstains_and_keeps_the_scores(path: Path) -> None:
    shy = plugged(path, OwnModel(more={"abstain_below": 1})).read(utterance())
    bold = plugged(path, OwnModel(more={"abstain_below": 0})).read(utterance())
    assert (shy.abstained, bold.abstained) == (True, False)
    assert shy.scores == bold.scores


def test_columns_of_one_label_are_added_up(path: Path) -> None:
    apart = plugged(path, OwnModel()).read(utterance()).scores
    both = plugged(path, OwnModel(labels=("neutral", "joy", "joy", "sadness"))).read(utterance())
    assert list(both.scores) == [Emotion.NEUTRAL, Emotion.JOY, Emotion.SADNESS]
    assert both.scores[Emotion.JOY] == pytest.approx(apart[Emotion.JOY] + apart[Emotion.ANGER])


def test_arousal_is_given_where_the_model_has_it(path: Path) -> None:
    assert plugged(path, OwnModel()).read(utterance()).arousal is None
    arousal = plugged(path, OwnModel(arousal=True)).read(utterance()).arousal
    assert arousal is not None
    assert 0.5 < arousal <= 1


def test_a_16_khz_model_is_given_twice_the_samples_of_the_same_sound(path: Path) -> None:
    one_second = OwnModel(16_000, samples=16_000)
    whole = plugged(path, one_second).read(utterance(synthesise_voice(1_000)))
    late = plugged(path, one_second).read(
        utterance(np.concatenate([synthesise_voice(2_000, pitch_hz=300), synthesise_voice(1_000)]))
    )
    # The same, but for the filter's reach (4 ms) at the seam.
    assert late.scores == pytest.approx(whole.scores, abs=0.02)


def test_speech_shorter_than_the_model_needs_is_refused(path: Path) -> None:
    model = plugged(path, OwnModel(more={"shortest_ms": 1_500}))
    with pytest.raises(UnusableUtteranceError, match="needs 1500 ms"):
        model.read(utterance(synthesise_voice(1_400)))
    assert model.read(utterance(synthesise_voice(1_500))).scores


def test_it_keeps_the_baseline_as_it_came(path: Path) -> None:
    before = SpeakerBaseline(count=3, mean=b"\0" * 12)
    assert plugged(path, OwnModel()).read(utterance(baseline=before)).baseline == before


def test_the_version_changes_with_the_weights_and_with_the_description(path: Path) -> None:
    models = (
        OwnModel(),
        OwnModel(seed=2),
        OwnModel(more={"abstain_below": 0.31}),
        OwnModel(more={"version": "spring"}),
    )
    versions = [plugged(path, model).version for model in models]
    assert len(set(versions)) == len(models)
    assert versions[-1].startswith("spring-")
    assert plugged(path, OwnModel()).version == versions[0]


def test_weights_kept_beside_the_graph_count_for_the_version(path: Path) -> None:
    one = plugged(path, OwnModel()).version
    path.with_name("own.onnx.data").write_bytes(b"weights")
    assert ExternalVoiceModel(path).version != one


def test_a_graph_that_cannot_carry_its_description_has_it_beside(path: Path) -> None:
    OwnModel().save(path, described=False)
    with pytest.raises(DetectorUnavailableError, match=r"no own\.onnx\.json beside it"):
        ExternalVoiceModel(path)
    sidecar_path(path).write_text(json.dumps(OwnModel(more={"name": "ours"}).description), "utf-8")
    assert ExternalVoiceModel(path).name == "ours"


def test_the_description_beside_wins_over_the_one_inside(path: Path) -> None:
    OwnModel().save(path)
    sidecar_path(path).write_text(json.dumps(OwnModel(more={"name": "ours"}).description), "utf-8")
    assert ExternalVoiceModel(path).name == "ours"


@pytest.mark.parametrize("text", ["{", "[]", "\ufeff"], ids=["cut-off", "a-list", "nothing"])
def test_a_broken_file_beside_is_named(path: Path, text: str) -> None:
    OwnModel().save(path)
    sidecar_path(path).write_text(text, "utf-8")
    with pytest.raises(DetectorUnavailableError, match=r"own\.onnx\.json.*JSON") as caught:
        ExternalVoiceModel(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "shape"), [("FLOAT", [1, 1, "n"]), ("INT16", [1, "n"]), ("FLOAT", ["n"])]
)
def test_a_graph_that_takes_something_else_is_told_what_is_needed(
    path: Path, kind: str, shape: list[int | str]
) -> None:
    data_type = getattr(onnx.TensorProto, kind)
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["a"], ["b"])],
        "g",
        [value("a", data_type, shape)],
        [value("b", data_type, shape)],
    )
    model = onnx.helper.make_model(
        graph, ir_version=9, opset_imports=[onnx.helper.make_opsetid("", 18)]
    )
    onnx.helper.set_model_props(model, {DESCRIPTION_KEY: json.dumps(OwnModel().description)})
    onnx.save(model, path)
    with pytest.raises(DetectorUnavailableError, match=r"needed; see docs/own-voice-model\.md"):
        ExternalVoiceModel(path)


def test_the_setting_takes_what_callmood_trained_as_well() -> None:
    again = find_voice_detector(f"onnx:{ARTIFACT}")
    assert isinstance(again.load(), VoiceTone)
    assert again.read_description() == find_voice_detector("").read_description()


@pytest.mark.parametrize("setting", ["onnx:", "/models/own.onnx", "torch:own.pt"])
def test_a_setting_that_names_no_onnx_file_says_what_it_may_be(setting: str) -> None:
    with pytest.raises(DetectorUnavailableError, match=r"must be empty or onnx:/path/model\.onnx"):
        find_voice_detector(setting)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(DetectorUnavailableError, match=r"own\.onnx: no such model file"):
        find_voice_detector(f"onnx:{path}")


@pytest.mark.parametrize("pitch_hz", [300, 1_000, 2_500, 3_400])
def test_doubling_the_rate_keeps_the_telephone_s_band_and_adds_no_images(
    path: Path, pitch_hz: int
) -> None:
    tone = 0.5 * np.sin(2 * np.pi * pitch_hz * np.arange(8_000) / 8_000)
    quantised = np.rint(tone * 32_767).astype(np.int16)
    wide = plugged(path, OwnModel(16_000))._prepare(utterance(quantised))
    ideal = 0.5 * np.sin(2 * np.pi * pitch_hz * np.arange(16_000) / 16_000) * 32_767 / 32_768
    inner = slice(400, -400)
    assert (wide.dtype, wide.size) == (np.float32, 16_000)
    assert np.abs(wide - ideal)[inner].max() < 5e-5  # 80 dB below; 16 bits round by 1.5e-5


@pytest.mark.parametrize("samples", [2_400, 2_401, 4_801, 119_999])
def test_doubling_the_rate_gives_twice_the_samples_of_any_length(path: Path, samples: int) -> None:
    sound = synthesise_voice(15_000)[:samples]
    assert plugged(path, OwnModel(16_000))._prepare(utterance(sound)).size == 2 * samples
