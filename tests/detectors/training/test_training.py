"""A whole training, made small: what comes out loads, reads, and says what it is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnxscript", reason="needs the train extra")


from detectors.labels import KOTE  # noqa: E402
from detectors.text.ngrams import hash_line  # noqa: E402
from detectors.training.progress import NullProgress  # noqa: E402
from detectors.training.text import student  # noqa: E402
from detectors.training.voice import train  # noqa: E402
from detectors.utterance import Language  # noqa: E402
from detectors.voice.model import VoiceTone  # noqa: E402
from tests.detectors.sounds import utterance  # noqa: E402

DATA = Path("../shared/data")


@pytest.mark.slow
def test_a_small_voice_training_writes_a_model_that_reads_and_a_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not DATA.is_dir() and not os.environ.get("CI"):
        pytest.skip("../shared/data is not here")
    every = train.load_clips
    monkeypatch.setattr(train, "load_clips", lambda root: every(root)[::9])
    monkeypatch.setattr(train, "VIEWS", 3)
    path, again = (
        train.train(DATA, _made(tmp_path / name), seed=1, progress=NullProgress(), cache=tmp_path)
        for name in ("first", "second")
    )
    assert path.read_bytes() == again.read_bytes(), "the same seed gives the same model"
    tone = VoiceTone(path)
    assert tone.read(utterance()).scores
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    assert "→ Korean" in card, "languages are measured across corpora as well"
    assert (path.parent / "voice-tone-reliability.svg").is_file()
    assert tone.version in card
    assert "research and demonstration only" in card


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_the_same_seed_fits_the_same_text_model_and_another_seed_another() -> None:
    texts = ["정말 화가 나요", "감사합니다", "너무 슬퍼요", "네"] * 20
    grams = [hash_line(text, Language.KOREAN) for text in texts]
    truth = np.eye(len(KOTE), dtype=np.float32)[[6, 4, 5, 24] * 20]
    lessons = student.DistillationTargets(grams, 6 * truth - 3, np.ones_like(truth))
    recipe = student.StudentConfig(width=4, epochs=6, batch_size=16)

    def logits(seed: int) -> list[list[float]]:
        bag = student.train_student(lessons, recipe=recipe, seed=seed, begin=lambda _: lambda: None)
        scored: list[list[float]] = student.predict_logits(bag, grams[:4]).tolist()
        return scored

    assert logits(1) == logits(1)
    assert logits(1) != logits(2)


def test_an_output_that_nothing_is_said_of_keeps_still() -> None:
    texts = ["정말 화가 나요", "감사합니다"] * 40
    grams = [hash_line(text, Language.KOREAN) for text in texts]
    targets = np.array([[3, 7], [-3, -7]] * 40, dtype=np.float32)
    counted = np.array([[1, 0]] * 80, dtype=np.float32)
    lessons = student.DistillationTargets(grams, targets, counted)
    recipe = student.StudentConfig(width=4, epochs=12, batch_size=16, ngram_dropout=0)
    bag = student.train_student(lessons, recipe=recipe, seed=0, begin=lambda _: lambda: None)
    angry, glad = student.predict_logits(bag, grams[:2])
    assert angry[0] > 1 > -1 > glad[0]
    assert abs(angry[1]) < 0.1
