"""`callmood evaluate gate` without the corpora is one clear line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from streams.cli.evaluate import evaluate

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_without_corpora_is_one_clear_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(evaluate, ["gate", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
    assert "point --data at the folder with the corpora" in result.output


def test_figures_that_could_not_be_written_are_refused_before_the_work(tmp_path: Path) -> None:
    place = tmp_path / "missing" / "figures.json"
    result = CliRunner().invoke(evaluate, ["gate", "--data", str(tmp_path), "--json", str(place)])
    assert result.exit_code == 2
    assert "there is no folder" in result.output
