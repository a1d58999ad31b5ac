"""`callmood evaluate` on small manifests: figures, predictions, order, and bad rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import soundfile as sf
from click.testing import CliRunner, Result

from detectors.labels import EMOTIONS, KOTE
from detectors.voice.model import ARTIFACT
from streams.cli.evaluate import evaluate
from streams.cli.models import models
from streams.cli.train import train
from tests.detectors.sounds import synthesise_voice

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    return lambda *words: CliRunner().invoke(evaluate, [str(word) for word in words])


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for name, pitch in (("a", 110), ("b", 220), ("c", 160)):
        sf.write(tmp_path / f"{name}.wav", synthesise_voice(pitch_hz=pitch), 8_000)
    return tmp_path


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def predictions(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_clips_with_labels_are_measured_and_written(run: Run, clips: Path) -> None:
    manifest = written(clips / "m.csv", "path,emotion,speaker\na.wav,anger,s\nb.wav,joy,s\n")
    result = run(
        "voice",
        "--manifest",
        manifest,
        "--root",
        clips,
        "--json",
        clips / "o.json",
        "--predictions",
        clips / "p.csv",
    )
    assert result.exit_code == 0, result.output
    assert "UAR" in result.stdout
    figures = json.loads((clips / "o.json").read_text(encoding="utf-8"))
    assert figures["items"] == 2
    assert set(figures["recall"]) == {"anger", "joy"}
    rows = predictions(clips / "p.csv")
    assert list(rows[0]) == [
        "path", *EMOTIONS, "confidence", "abstained", "arousal", "valence"
    ]  # fmt: skip
    assert [row["path"] for row in rows] == ["a.wav", "b.wav"]
    assert sum(float(rows[0][label]) for label in EMOTIONS) == pytest.approx(1, abs=1e-3)


def test_a_manifest_without_labels_writes_just_predictions(run: Run, clips: Path) -> None:
    manifest = written(clips / "m.csv", "path\na.wav\nc.wav\n")
    result = run("voice", "--manifest", manifest, "--root", clips, "--predictions", clips / "p.csv")
    assert result.exit_code == 0, result.output
    assert "nothing is measured" in result.stdout
    assert len(predictions(clips / "p.csv")) == 2


def test_each_bad_clip_is_named_by_file_and_line_and_the_others_go_on(
    run: Run, clips: Path
) -> None:
    written(clips / "x.mp3", "not sound")
    sf.write(clips / "short.wav", synthesise_voice(100), 8_000)
    sf.write(clips / "silent.wav", synthesise_voice(900) * 0, 8_000)
    manifest = written(
        clips / "m.csv",
        "path,emotion\nx.mp3,joy\nshort.wav,joy\nsilent.wav,joy\n"
        "gone.wav,joy\na.wav,joy,more\na.wav,calm\na.wav,joy\n",
    )
    result = run("voice", "--manifest", manifest, "--root", clips, "--predictions", clips / "p.csv")
    assert result.exit_code == 0, result.output
    complaints = [each for each in result.stderr.splitlines() if "m.csv:" in each]
    named = [each.split("m.csv:")[1].split(":")[0] for each in complaints]
    assert sorted(named) == ["2", "3", "4", "5", "6", "7"]
    assert "left out of the figures: 4 items" in result.stdout


def test_an_item_that_cannot_be_read_keeps_its_row_and_abstains(run: Run, clips: Path) -> None:
    sf.write(clips / "silent.wav", synthesise_voice(900) * 0, 8_000)
    manifest = written(
        clips / "m.csv", "path,emotion\na.wav,anger\ngone.wav,joy\nsilent.wav,joy\nb.wav,joy\n"
    )
    out = clips / "o.json"
    result = run(
        "voice", "--manifest", manifest, "--root", clips, "--predictions", clips / "p.csv",
        "--json", out,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = predictions(clips / "p.csv")
    assert [row["path"] for row in rows] == ["a.wav", "gone.wav", "silent.wav", "b.wav"]
    for row in rows[1:3]:
        assert {float(row[label]) for label in (*EMOTIONS, "confidence")} == {0.0}
        assert row["abstained"] == "true"
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert (figures["read"], figures["unread"], figures["items"]) == (2, 2, 2)
    assert "left out of the figures: 2 items" in result.stdout


@pytest.mark.parametrize("option", ["--predictions", "--json"])
def test_a_result_that_could_not_be_written_is_refused_before_the_work(
    run: Run, clips: Path, option: str
) -> None:
    manifest = written(clips / "m.csv", "path\ngone.wav\n")
    target = clips / "missing" / "o"
    result = run("voice", "--manifest", manifest, "--root", clips, option, target)
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert f"{option} {target}: there is no folder {target.parent}" in line


def test_nothing_readable_is_an_error(run: Run, clips: Path) -> None:
    manifest = written(clips / "m.csv", "path\ngone.wav\n")
    assert run("voice", "--manifest", manifest, "--root", clips).exit_code == 1


@pytest.mark.parametrize(
    ("kind", "header", "missing"),
    [("voice", "file,emotion", "path"), ("text", "id,words", "text, language"), ("text", "", "id")],
)
def test_a_missing_column_is_one_line_and_exit_code_two(
    run: Run, tmp_path: Path, kind: str, header: str, missing: str
) -> None:
    manifest = written(tmp_path / "m.csv", f"{header}\n1,2\n")
    result = run(kind, "--manifest", manifest)
    assert result.exit_code == 2
    assert missing in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_missing_manifest_is_one_line_and_exit_code_two(run: Run, tmp_path: Path) -> None:
    result = run("text", "--manifest", tmp_path / "gone.csv")
    assert result.exit_code == 2
    assert "gone.csv" in result.stderr


def test_rows_of_a_speaker_in_order_are_normalised_by_the_earlier_ones(
    run: Run, clips: Path
) -> None:
    manifest = written(clips / "m.csv", "path,speaker\na.wav,s\nb.wav,s\nc.wav,s\n")
    scores = {}
    for name, flags in (("alone", []), ("ordered", ["--in-order"])):
        run(
            "voice",
            "--manifest",
            manifest,
            "--root",
            clips,
            *flags,
            "--predictions",
            clips / f"{name}.csv",
        )
        scores[name] = predictions(clips / f"{name}.csv")
    assert scores["alone"][0] == scores["ordered"][0]
    assert scores["alone"][2] != scores["ordered"][2]


def test_lines_are_measured_by_ours_or_by_a_corpus_s_labels(run: Run, tmp_path: Path) -> None:
    manifest = written(
        tmp_path / "t.csv",
        "id,text,language,labels\n"
        "1,정말 짜증나고 화가 나요,ko,화남/분노|짜증\n"
        "2,감사합니다 행복해요,ko,고마움|행복\n",
    )
    for taxonomy, labels in (("callmood", EMOTIONS), ("kote", KOTE)):
        result = run(
            "text",
            "--manifest",
            manifest,
            "--taxonomy",
            taxonomy,
            "--predictions",
            tmp_path / "p.csv",
            "--json",
            tmp_path / "o.json",
        )
        assert result.exit_code == 0, result.output
        assert list(predictions(tmp_path / "p.csv")[0])[1:-4] == list(labels)
        assert json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))["items"] == 2


def test_bad_lines_are_named_and_the_others_go_on(run: Run, tmp_path: Path) -> None:
    manifest = tmp_path / "t.csv"
    manifest.write_bytes(
        "id,text,language\n1,안녕하세요,ko\n2,,ko\n3,hallo,de\n".encode()
        + b"4,\xff\xfe,ko\n5,fine thanks,en\n"
    )
    result = run("text", "--manifest", manifest, "--predictions", tmp_path / "p.csv")
    assert result.exit_code == 0, result.output
    for number, why in ((3, "no words"), (4, "'de'"), (5, "UTF-8")):
        assert any(
            f"t.csv:{number}:" in each and why in each for each in result.stderr.splitlines()
        )
    # Of line 5 nothing is known, not even its id: it is named, and has no row.
    rows = {row["id"]: row["abstained"] for row in predictions(tmp_path / "p.csv")}
    assert list(rows) == ["1", "2", "3", "5"]
    assert rows["2"] == rows["3"] == "true"


HEADER = "path,emotion,speaker,language,speaker_sex,subset\n"


@pytest.fixture
def call(clips: Path) -> Path:
    """Two speakers, three clips each, one of them without a label."""
    rows = [
        f"{name}.wav,{emotion},{speaker},ko,{sex},{subset}"
        for speaker, sex, subset in (("s", "F", "calm"), ("t", "M", "teen"))
        for name, emotion in (("a", "anger"), ("b", "joy"), ("c", ""))
    ]
    return written(clips / "m.csv", HEADER + "\n".join(rows) + "\n")


def figures(run: Run, manifest: Path, *words: str) -> dict[str, object]:
    out = manifest.with_suffix(".json")
    result = run("voice", "--manifest", manifest, "--root", manifest.parent, "--json", out, *words)
    assert result.exit_code == 0, result.output
    content = json.loads(out.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_figures_come_with_intervals_and_by_language_sex_and_age(run: Run, call: Path) -> None:
    found = figures(run, call)
    assert set(found["intervals"]) >= {"uar", "macro_f1", "accuracy", "ece", "coverage_gain"}
    names = [(group["by"], group["name"]) for group in found["groups"]]
    assert names == [
        ("language", "ko"), ("sex", "F"), ("sex", "M"), ("age", "teen"), ("age", "unknown")
    ]  # fmt: skip
    assert [group["items"] for group in found["groups"]] == [4, 2, 2, 2, 2]


def test_from_the_third_on_only_the_third_is_measured_and_all_are_written(
    run: Run, call: Path
) -> None:
    out = call.with_name("p.csv")
    options = ("--in-order", "--shuffle", "3", "--from-nth", "3", "--predictions", str(out))
    found = figures(run, call, *options)
    rows = predictions(out)
    assert len(rows) == 6
    thirds = (rows[2]["path"], rows[5]["path"])
    assert found.get("items", 0) == sum(path != "c.wav" for path in thirds)


def test_several_orders_are_measured_together_and_are_the_same_every_time(
    run: Run, call: Path
) -> None:
    options = ("--in-order", "--shuffle", "1", "--repeats", "3")
    found = figures(run, call, *options)
    assert found["items"] == 12
    assert found["read"] == 6
    assert found == figures(run, call, *options)


def test_a_subset_is_measured_alone(run: Run, call: Path) -> None:
    assert figures(run, call, "--subset", "calm")["read"] == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--subset", "loud"], "there is: calm, teen"),
        (["--from-nth", "3"], "add --in-order"),
        (["--shuffle", "3"], "add --in-order"),
        (["--in-order", "--repeats", "3"], "add --shuffle"),
        (["--labels", "joy,rage"], "'rage' is none of neutral, joy"),
    ],
)
def test_options_that_make_no_sense_are_one_line_before_the_work(
    run: Run, call: Path, options: list[str], told: str
) -> None:
    result = run("voice", "--manifest", call, "--root", call.parent, *options)
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert told in line


def test_a_model_of_one_s_own_is_measured_like_the_shipped_one(run: Run, call: Path) -> None:
    assert figures(run, call, "--model", f"onnx:{ARTIFACT}") == figures(run, call)
    result = run("voice", "--manifest", call, "--root", call.parent, "--model", "onnx:/gone.onnx")
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert "/gone.onnx: no such model file" in line


def test_manifests_given_together_are_measured_together(run: Run, call: Path) -> None:
    other = written(call.with_name("n.csv"), "path,emotion\na.wav,joy\n")
    assert figures(run, call, "--manifest", str(other))["items"] == 5


def test_the_card_links_the_pictures_and_names_no_folder_of_this_machine(
    run: Run, call: Path
) -> None:
    card, drawn = call.with_name("card.md"), call.parent / "drawn"
    result = run(
        "voice", "--manifest", call, "--root", call.parent, "--in-order",
        "--card", card, "--pictures", drawn,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    text = card.read_text(encoding="utf-8")
    for kind in ("confusion", "reliability"):
        assert f"(drawn/voice-tone-{kind}.svg)" in text
        assert (drawn / f"voice-tone-{kind}.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "`callmood evaluate voice --manifest m.csv --in-order`" in text
    assert str(call.parent) not in text
    assert "research and demonstration only" in text


def test_the_model_card_s_table_is_printed_as_markdown(run: Run, call: Path) -> None:
    result = run("voice", "--manifest", call, "--root", call.parent, "--table")
    first = result.stdout.splitlines()[0]
    assert first.startswith("| group | items | speakers | UAR |")


def test_of_several_labels_an_item_no_picture_is_drawn_and_that_is_said(
    run: Run, tmp_path: Path
) -> None:
    manifest = written(tmp_path / "t.csv", "id,text,language,labels\n1,감사합니다,ko,고마움|행복\n")
    result = run("text", "--manifest", manifest, "--taxonomy", "kote", "--pictures", tmp_path / "p")
    assert result.exit_code == 0, result.output
    assert "no pictures" in result.stdout


def test_models_list_shows_version_size_and_licence() -> None:
    result = CliRunner().invoke(models, ["list"])
    assert result.exit_code == 0
    assert "voice-tone" in result.stdout
    assert "research and demonstration only" in result.stdout
    assert "commercial use allowed" in result.stdout


def test_training_without_the_corpora_says_where_they_were_looked_for(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the train extra")
    result = CliRunner().invoke(
        train, ["voice", "--data", str(tmp_path), "--models", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "ravdess" in result.stderr
    assert "--data" in result.stderr
