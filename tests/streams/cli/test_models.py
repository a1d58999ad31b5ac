"""`callmood models`, and a worker that is given a model it cannot use."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from detectors.voice.external.conformance import CLAIMS, describe_claim
from tests.detectors.voice.external.own_models import OwnModel

if TYPE_CHECKING:
    from pathlib import Path

OPENS, *OTHERS = map(describe_claim, CLAIMS)


def callmood(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.onnx"


def test_a_good_model_is_told_claim_by_claim_and_timed(path: Path) -> None:
    done = callmood("models", "check", OwnModel().save(path))
    assert done.returncode == 0, done.stderr
    *claims, timing = done.stdout.splitlines()
    assert claims == [f"ok         {describe_claim(claim)}" for claim in CLAIMS]
    assert "p99" in timing


def test_a_broken_promise_is_told_with_its_reason_and_the_status_is_1(path: Path) -> None:
    done = callmood("models", "check", OwnModel(fault="deaf").save(path))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-2].startswith(f"failed     {OTHERS[-1]}")
    assert "the sound is not heard" in done.stdout.splitlines()[-1]


def test_a_model_that_never_ends_is_ended(path: Path) -> None:
    done = callmood("models", "check", OwnModel(fault="endless").save(path), "--limit-s", "4")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"failed     {OPENS}",
        "           not done within 4 s",
        *(f"not tried  {claim}" for claim in OTHERS),
    ]


def test_the_list_says_in_one_line_which_voice_is_in_force_and_its_licence(path: Path) -> None:
    OwnModel().save(path)
    done = callmood("models", "list", CALLMOOD_VOICE=f"onnx:{path}")
    assert done.returncode == 0, done.stderr
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("voice in force: ")]
    assert f"(onnx:{path}); licence: our own recordings, all rights ours" in line
    shipped = callmood("models", "list", CALLMOOD_VOICE="").stdout.splitlines()[-1]
    assert "(shipped); licence: Weights for research and demonstration only" in shipped


def test_an_unusable_model_stops_the_worker_at_start_in_one_line(path: Path) -> None:
    OwnModel(labels=("calm", "cross")).save(path)
    done = callmood("worker", CALLMOOD_VOICE=f"onnx:{path}", CALLMOOD_KAFKA="127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"callmood: {path}: 'labels' has 'calm'; known are neutral")
