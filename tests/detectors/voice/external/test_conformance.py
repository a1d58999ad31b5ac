"""The conformance suite, over good models and over each way to be wrong."""

from __future__ import annotations

import re
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from detectors.registry import find_voice_detector
from detectors.voice.external import conformance
from detectors.voice.external.conformance import (
    CLAIMS,
    describe_claim,
    find_failure,
    measure_timing,
    run_claims,
)
from detectors.voice.external.detector import ExternalVoiceModel
from tests.detectors.voice.external.own_models import OwnModel
from tests.detectors.voice.external.spoiled import Spoiled

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.voice.external.conformance import Claim, Load

GOOD = {
    "8-khz-logits": OwnModel(),
    "16-khz-logits": OwnModel(rate=16_000),
    "8-khz-probabilities": OwnModel(scores="probabilities"),
    "16-khz-probabilities-one-by-one": OwnModel(16_000, "probabilities", batch=1),
    "logits-one-by-one": OwnModel(batch=1),
    "arousal-too": OwnModel(arousal=True),
    "three-seconds-exactly": OwnModel(samples=24_000),
    "two-columns-of-joy": OwnModel(labels=("neutral", "joy", "joy", "anger")),
    "all-eight": OwnModel(
        labels=("neutral", "joy", "anger", "sadness", "fear", "disgust", "surprise", "boredom")
    ),
}

REFUSED = {
    "nan": (OwnModel(fault="nan"), "no number"),
    "one-row-for-all": (OwnModel(fault="flat"), r"shape \[4\] for 1 sounds and 4 labels"),
    "a-column-too-many": (OwnModel(fault="columns"), r"shape \[1, 5\]"),
    "unknown-label": (
        OwnModel(labels=("neutral", "furious")),
        "'furious'; known are neutral, joy, anger, sadness, fear, disgust, surprise, boredom",
    ),
    "one-label": (OwnModel(labels=("anger",)), "'labels' must be a list"),
    "no-sum": (OwnModel(scores="probabilities", fault="no-sum"), "logits, say so"),
    "wrong-rate": (OwnModel(rate=44_100), "'sample_rate' must be 8000 or 16000, not 44100"),
    "no-licence": (OwnModel(less=("licence",)), "lacks 'licence'"),
    "no-threshold": (OwnModel(less=("abstain_below",)), "lacks 'abstain_below'"),
    "threshold-in-percent": (OwnModel(more={"abstain_below": 40}), "from 0 to 1, not 40"),
    "neither-logits-nor": (OwnModel(more={"scores": "softmax"}), "logits or probabilities"),
    "misspelt-part": (OwnModel(more={"temprature": 2}), "'temprature'; known are abstain_below"),
    "no-such-output": (OwnModel(more={"arousal_output": "a"}), "no output 'a'; it has scores"),
    "the-shipped-one's-name": (OwnModel(more={"name": "voice-tone"}), "'name' must be"),
    "dropout-left-on": (OwnModel(fault="random"), "another answer each time"),
    "a-batch-of-four": (OwnModel(batch=4), "batches of 4 only"),
}

UNTRUE: dict[str, tuple[OwnModel, Claim, str]] = {
    "nan-in-long-speech": (
        OwnModel(fault="nan-when-long"),
        conformance.check_scores,
        "gave no number for this sound",
    ),
    "a-little-dropout": (
        OwnModel(fault="hardly-random"),
        conformance.check_determinism,
        "read again, the same sound gives",
    ),
    "mixes-the-batch": (
        OwnModel(fault="mixes-the-batch"),
        conformance.check_batch,
        "in a batch, the same sound gives",
    ),
    "deaf": (OwnModel(fault="deaf"), conformance.check_distinct_sounds, "the sound is not heard"),
}


def loader(path: Path) -> Load:
    return lambda: find_voice_detector(f"onnx:{path}").load()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("own")
    return {name: model.save(folder / f"{name}.onnx") for name, model in GOOD.items()}


@pytest.mark.parametrize("claim", CLAIMS, ids=describe_claim)
@pytest.mark.parametrize("name", GOOD)
def test_a_good_model_holds(good: dict[str, Path], name: str, claim: Claim) -> None:
    assert find_failure(claim, loader(good[name]), perf_counter) == ""


@pytest.mark.parametrize("claim", CLAIMS, ids=describe_claim)
def test_the_shipped_model_holds_what_is_asked_of_others(claim: Claim) -> None:
    assert find_failure(claim, lambda: find_voice_detector("").load(), perf_counter) == ""


@pytest.mark.parametrize(("model", "why"), REFUSED.values(), ids=REFUSED)
def test_a_model_that_is_not_what_it_says_does_not_open(
    tmp_path: Path, model: OwnModel, why: str
) -> None:
    path = model.save(tmp_path / "own.onnx")
    found = list(run_claims(loader(path), perf_counter))
    assert [claim for claim, _ in found] == [describe_claim(conformance.check_loading)]
    ((_, fault),) = found
    assert str(path) in fault
    assert "docs/own-voice-model.md" in fault
    assert re.search(why, fault)


@pytest.mark.parametrize(("model", "claim", "why"), UNTRUE.values(), ids=UNTRUE)
def test_a_model_that_opens_and_breaks_a_promise_is_found_out(
    tmp_path: Path, model: OwnModel, claim: Claim, why: str
) -> None:
    load = loader(model.save(tmp_path / "own.onnx"))
    faults = dict(run_claims(load, perf_counter))
    assert why in faults[describe_claim(claim)]
    assert (
        faults[describe_claim(conformance.check_loading)]
        == faults[describe_claim(conformance.check_agent_refusal)]
        == ""
    )


def test_a_model_that_takes_ten_seconds_is_too_slow_and_nothing_more_is_tried(
    good: dict[str, Path],
) -> None:
    ticks = count(step=10)
    found = list(run_claims(loader(good["8-khz-logits"]), lambda: float(next(ticks))))
    assert [claim for claim, fault in found if fault] == [describe_claim(conformance.check_speed)]
    assert found[-1][1] == "10000 ms for 3 s of speech, more than 1000 ms"


def test_timing_ends_when_its_time_is_over(good: dict[str, Path]) -> None:
    ticks = count(step=4)
    timing = measure_timing(
        ExternalVoiceModel(good["8-khz-logits"]), lambda: float(next(ticks)), within_s=10
    )
    assert (timing.p50_ms, timing.p99_ms, timing.runs) == (4_000, 4_000, 2)


BROKEN_BY = {
    "half-a-distribution": conformance.check_scores,
    "arousal-of-two": conformance.check_scores,
    "not-a-number": conformance.check_scores,
    "another-s-name": conformance.check_scores,
    "never-the-same": conformance.check_determinism,
    "out-of-order": conformance.check_batch,
    "scores-the-agent": conformance.check_agent_refusal,
    "calls-it-neutral": conformance.check_unusable_refusal,
    "crashes-when-long": conformance.check_unusual_sounds,
    "deaf": conformance.check_distinct_sounds,
}


def test_every_claim_is_seen_to_fail_somewhere_here() -> None:
    seen = {conformance.check_loading, conformance.check_speed, *BROKEN_BY.values()}
    assert seen == set(CLAIMS)


@pytest.mark.parametrize(("fault", "claim"), BROKEN_BY.items(), ids=BROKEN_BY)
def test_a_detector_with_this_fault_fails_this_claim(
    good: dict[str, Path], fault: str, claim: Claim
) -> None:
    inner = ExternalVoiceModel(good["all-eight"])
    assert find_failure(claim, lambda: Spoiled(inner, "none"), perf_counter) == ""
    assert find_failure(claim, lambda: Spoiled(inner, fault), perf_counter) != ""
