"""The baselines: honest features, no clip on both sides, and one command that repeats itself."""

from __future__ import annotations

import builtins
import csv
import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from detectors.corpora.corpora import SPLITS, Clip, load_clips
from detectors.corpora.text_manifests import HEADER
from detectors.labels import GOEMOTIONS, KOTE, Emotion
from detectors.training.baselines.speaker_context import (
    DRAWN_ORDERS,
    WARM_UP_CLIPS,
    IsolatedView,
    RunningView,
)
from detectors.training.baselines.voice_features import (
    MEL_BANDS,
    FeatureCache,
    log_mel_statistics,
    mel_filterbank,
)
from detectors.training.text.examples import load_korean
from streams.cli.evaluate import evaluate
from tests.detectors.sounds import synthesise_voice

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPINIONS = ("나쁨", "좋음")
EMOTIONS = {"neutral": 120, "joy": 170, "anger": 230, "sadness": 95}
"""Each with a pitch that gives it away."""


def clip(speaker: str, name: str = "a") -> Clip:
    return Clip(Path(name), "emodb", speaker, Emotion.JOY, "", "", fold=0, script_fold=None)


def test_every_band_hears_something_and_neighbours_share_an_edge() -> None:
    bands = mel_filterbank()
    assert bands.shape == (129, MEL_BANDS)
    assert (bands >= 0).all()
    assert (bands.max(0) > 0).all()
    assert (np.diff(bands.argmax(0)) >= 0).all()


def test_level_and_silence_around_the_speech_hardly_change_the_statistics() -> None:
    hiss = np.random.default_rng(0).normal(0, 30, 24_000)
    line = hiss.astype(np.float32) / 32_768
    line[8_000:] += synthesise_voice(2_000).astype(np.float32) / 32_768
    plain = log_mel_statistics(line[8_000:])
    assert plain.shape == (5 * MEL_BANDS,)
    np.testing.assert_allclose(log_mel_statistics(line[8_000:] / 2), plain, atol=0.02)
    assert np.abs(log_mel_statistics(line) - plain).mean() < 0.05


def test_features_are_measured_once_and_kept_by_content(tmp_path: Path) -> None:
    calls: list[int] = []

    def measure(samples: NDArray[np.float32]) -> NDArray[np.float64]:
        calls.append(samples.size)
        return np.array([float(samples[0])])

    kept = FeatureCache(tmp_path, "some")
    one, other = np.full(8, 16_384, np.int16), np.full(8, 8_192, np.int16)
    assert [kept.get_or_extract(pcm, measure)[0] for pcm in (one, one.copy(), other)] == [
        0.5,
        0.5,
        0.25,
    ]
    assert len(calls) == 2


def test_a_running_mean_is_of_the_speaker_s_earlier_clips_alone() -> None:
    clips = [clip(speaker) for speaker in ("a", "a", "a", "a", "b", "b")]
    features = np.array([[1.0], [1.0], [1.0], [1.0], [50.0], [50.0]])
    given, rows = RunningView(features).select_features(clips, [0, 1, 2, 3, 4, 5])
    # "b" has no third clip; of "a" two count in each order, and nothing differs from its mean.
    assert len(given) == DRAWN_ORDERS * (4 - WARM_UP_CLIPS)
    assert set(given) <= {0, 1, 2, 3}
    assert (rows == 0).all()
    assert IsolatedView(features).select_features(clips, [5, 0])[1].tolist() == [[50.0], [1.0]]


def corpora(root: Path) -> Path:
    """Small made-up corpora that have the committed splits' speakers and sentences."""
    with (SPLITS / "voice_speakers.csv").open(encoding="utf-8") as lines:
        speakers = [(row["corpus"], row["speaker"]) for row in csv.DictReader(lines)]
    for corpus in ("ravdess", "emodb", "korean_emotional"):
        rows = [
            row
            for name in (speaker for where, speaker in speakers if where == corpus)
            for row in spoken(root, corpus, name)
        ]
        with (root / corpus / "manifest.csv").open("w", encoding="utf-8", newline="") as lines:
            table = csv.DictWriter(lines, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    write_texts(root / "text")
    return root


def spoken(root: Path, corpus: str, speaker: str) -> list[dict[str, str]]:
    folder = root / corpus / speaker
    folder.mkdir(parents=True)
    rows = []
    # In Korean a clip measures only where its sentence was not trained on either.
    scripts = [f"p0{k}" for k in range(1, 6)] if corpus == "korean_emotional" else ["s1"]
    for place, script in enumerate(scripts):
        for emotion, pitch in EMOTIONS.items():
            path = folder / f"{script}-{emotion}.flac"
            pitch_hz = pitch + 2 * place + len(corpus) + int(speaker[-1])
            sf.write(path, synthesise_voice(400, pitch_hz=pitch_hz), 8_000)
            rows.append(
                {"path": str(path.relative_to(root)), "speaker": speaker, "emotion": emotion,
                 "intensity": "", "script_id": script, "subset": "plain-to-emotional",
                 "language": "ko", "speaker_sex": "F", "licence": ""}
            )  # fmt: skip
    return rows


def write_texts(root: Path) -> None:
    """Lines whose words give the label away; the last label is in every other line."""
    for corpus, labels in (("kote", KOTE), ("goemotions", GOEMOTIONS)):
        (root / corpus).mkdir(parents=True)
        (root / corpus / "labels.txt").write_text("\n".join(labels) + "\n", encoding="utf-8")
    kote = [f"{n}\t낱말{n % 3} 말이에요 {n}\t{n % 3}\n" for n in range(90)]
    english = [f"word{n % 3} said {n}\t{n % 3}\tid\n" for n in range(120)]
    (root / "kote/val.tsv").write_text("".join(kote[:60]), encoding="utf-8")
    (root / "kote/devtest.tsv").write_text("".join(kote[60:]), encoding="utf-8")
    with gzip.open(root / "goemotions/train.tsv.gz", "wt", encoding="utf-8") as lines:
        lines.write("".join(english[:60]))
    (root / "goemotions/dev.tsv").write_text("".join(english[60:90]), encoding="utf-8")
    (root / "goemotions/devtest.tsv").write_text("".join(english[80:]), encoding="utf-8")
    (root / "nsmc").mkdir()
    with gzip.open(root / "nsmc/reviews.tsv.gz", "wt", encoding="utf-8") as lines:
        lines.write("id\tmovie\trating\treview\n")
        lines.writelines(f"{n}\t1\t{1 + n % 2 * 9}\t{OPINIONS[n % 2]} {n}\n" for n in range(150))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpora(tmp_path_factory.mktemp("corpora"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Label not")  # three labels of KOTE's 44 are enough here
def test_one_command_measures_all_of_them_and_writes_the_page(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="needs the train extra")
    path = tmp_path / "page.md"
    words = ["baselines", "--data", str(data), "--card", str(path), "--without-opensmile"]
    result = CliRunner().invoke(evaluate, [*words, "--cache", str(tmp_path / "cache")])
    assert result.exit_code == 0, result.output
    page = path.read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
    found = {(row[0].removeprefix("| "), row[2]): row for row in rows if len(row) > 6}
    # 8 people, 5 sentences, 4 emotions: of the sentences each fold measures two.
    korean = found["Korean (korean_emotional)", "alone"]
    assert korean[3:5] == ["64", "8"]
    assert float(korean[5].split(" ")[0]) > 0.9
    assert "KOTE devtest | 30 | 3 | 1.00" in page
    assert "NSMC polarity | 6 | 1 | 1.00" in page
    assert "eGeMAPS, SVM" not in page


@pytest.mark.filterwarnings("ignore:Label not")
def test_fitted_again_a_baseline_says_the_same(data: Path) -> None:
    text = pytest.importorskip("detectors.training.baselines.text", reason="needs sklearn")
    voice = pytest.importorskip("detectors.training.baselines.voice", reason="needs sklearn")
    parts = load_korean(data, lambda: None)
    known = load_clips(data, ("emodb",))
    pitch = np.array([[float(list(EMOTIONS).index(str(each.emotion)))] for each in known])
    noisy = RunningView(pitch + np.random.default_rng(0).normal(size=(len(known), 6)))

    def once() -> tuple[Any, Any]:
        lines = text.build_row("KOTE", [parts.train], parts.test, lambda: None)
        heard = voice.cross_validate(
            known, noisy, "emodb", voice.build_logistic_regression, lambda: None
        )
        return lines, heard.scores.tolist()

    assert once() == once()


def test_without_opensmile_installed_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    pytest.importorskip("sklearn", reason="needs the train extra")
    found = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "opensmile":
            raise ModuleNotFoundError(name=name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    result = CliRunner().invoke(evaluate, ["baselines", "--data", str(data)])
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert "opensmile is not installed" in line
    assert "requirements/baselines.txt" in line


def test_a_text_corpus_s_measuring_rows_become_a_manifest_without_what_was_trained_on(
    data: Path,
) -> None:
    counts = {}
    for corpus in ("kote", "goemotions"):
        result = CliRunner().invoke(evaluate, ["manifest", corpus, "--data", str(data)])
        assert result.exit_code == 0, result.output
        rows = list(csv.DictReader(result.stdout.splitlines()))
        assert tuple(rows[0]) == HEADER
        counts[corpus] = len(rows)
    assert counts == {"kote": 30, "goemotions": 30}


def test_a_missing_corpus_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(evaluate, ["manifest", "kote", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "devtest.tsv: no such file" in result.stderr
