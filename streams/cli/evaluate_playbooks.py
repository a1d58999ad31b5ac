"""`callmood evaluate playbooks`: what do the library and the text detector find, and what not?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from detectors.corpora.corpora import CorpusError
from detectors.corpora.theme_lines import LINES, LinesError, load_theme_lines
from detectors.text.model import TextEmotion
from playbooks.files.loader import PlaybookError, load_library
from streams.cli.evaluation_input import exit_bad_input, load_detector
from streams.cli.evaluation_output import BAD_INPUT, check_writable, complain
from streams.cli.terminal import console
from streams.evaluation.line_playback import play_lines
from streams.evaluation.theme_figures import is_wrong, measure_themes
from streams.evaluation.unrelated_lines import (
    JUDGEMENT_HEADER,
    load_judgements,
    load_unrelated_lines,
    measure_rates,
    sample_fired_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.corpora.theme_lines import ThemeLine
    from playbooks.engine.rulebook import Rulebook
    from streams.evaluation.line_playback import LineOutcome
    from streams.evaluation.theme_figures import Share, ThemeFigures
    from streams.evaluation.unrelated_lines import PlaybookRate, TextLine


JUDGEMENTS_FILE = "judged.tsv"
DEFAULT_REVIEWS = 10_000

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command("playbooks")
@click.option(
    "--lines",
    "folder",
    type=_FOLDER,
    default=LINES,
    help="Folder with dev/ and test/ and their <writer>.<language>.tsv.  [default: those shipped]",
)
@click.option(
    "--part",
    type=click.Choice(["dev", "test"]),
    default="dev",
    show_default=True,
    help="dev is to tune on; test is to measure on, and is never shown.",
)
@click.option("--rules", type=click.Path(path_type=Path), help="Instead of the built-in library.")
@click.option(
    "--data", type=_FOLDER, help="Folder of the shared data: count alerts on its corpora, too."
)
@click.option(
    "--reviews",
    type=click.IntRange(1, 200_000),
    default=DEFAULT_REVIEWS,
    show_default=True,
    help="How many of NSMC's reviews, drawn with a fixed seed.",
)
@click.option("--show-misses", is_flag=True, help="Print the lines that went wrong (dev only).")
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=check_writable,
    help="Write the figures as JSON.",
)
@click.option(
    "--fired", "fired_path", type=click.Path(path_type=Path, dir_okay=False),
    callback=check_writable, help="Write lines of the corpora that fired, to be judged.",
)  # fmt: skip
def playbooks(  # noqa: PLR0913 - options
    *,
    folder: Path,
    part: str,
    rules: Path | None,
    data: Path | None,
    reviews: int,
    show_misses: bool,
    json_path: Path | None,
    fired_path: Path | None,
) -> None:
    """Play lines that were written for a theme, and look-alikes, each as a call of its own.

    Prints how many lines of each theme its playbooks found, and on how many look-alikes they
    fired; in brackets 95% intervals, lines drawn anew 1,000 times. With --data, also how often
    each playbook fires on lines of corpora that no customer said, and how many of those a person
    judged right.
    """
    if show_misses and part == "test":
        exit_bad_input("--show-misses is for --part dev: who reads the test lines fits to them")
    detector, rulebook = load_detector(TextEmotion), _load_rules(rules)
    lines = _load_lines(folder / part)
    with console.status(f"playing {len(lines)} lines ..."):
        texts = [(line.text, line.language) for line in lines]
        outcomes = list(play_lines(texts, detector, rulebook))
    figures = measure_themes(lines, outcomes)
    click.echo(_render(_build_theme_table(figures, part)))
    if show_misses:
        _print_misses(lines, outcomes)
    rates = [] if data is None else _measure_corpora(
        data, folder / JUDGEMENTS_FILE, detector, rulebook, reviews=reviews, fired_path=fired_path
    )  # fmt: skip
    if rates:
        click.echo(_render(_build_rate_table(rates)))
    if json_path is not None:
        content = {
            "themes": [figure.as_json() for figure in figures],
            "corpora": [rate.as_json() for rate in rates],
        }
        json_path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _load_rules(rules: Path | None) -> Rulebook:
    try:
        return load_library(rules)
    except PlaybookError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)


def _load_lines(folder: Path) -> list[ThemeLine]:
    try:
        return load_theme_lines(folder)
    except LinesError as error:
        exit_bad_input(str(error))


def _measure_corpora(  # noqa: PLR0913 - what is played, by whom
    data: Path,
    judgements_file: Path,
    detector: Any,
    rulebook: Rulebook,
    *,
    reviews: int,
    fired_path: Path | None,
) -> list[PlaybookRate]:
    try:
        corpora = load_unrelated_lines(data, reviews=reviews)
        judgements = load_judgements(judgements_file)
    except (CorpusError, LinesError) as error:
        exit_bad_input(str(error))
    rates: list[PlaybookRate] = []
    fired_lines: list[tuple[str, str, str]] = []
    for corpus, lines in corpora.items():
        with console.status(f"playing {len(lines)} lines of {corpus} ..."):
            outcomes = list(play_lines(lines, detector, rulebook))
        rates += measure_rates(corpus, lines, outcomes, judgements)
        fired_lines += _list_fired(corpus, lines, outcomes)
    if fired_path is not None:
        _write_fired(fired_path, sample_fired_lines(fired_lines, judgements), judgements)
    return rates


def _list_fired(
    corpus: str, lines: Sequence[TextLine], outcomes: Sequence[LineOutcome]
) -> list[tuple[str, str, str]]:
    return [
        (playbook_id, corpus, text)
        for (text, _), outcome in zip(lines, outcomes, strict=True)
        for playbook_id in sorted(outcome.playbook_ids)
    ]


def _write_fired(
    path: Path, rows: Sequence[tuple[str, str, str]], judgements: dict[tuple[str, str], bool]
) -> None:
    """Write the lines under the judgements' header; the verdict is empty where none was made."""
    verdicts = {True: "right", False: "wrong", None: ""}
    with path.open("w", encoding="utf-8") as file:
        file.write("\t".join(JUDGEMENT_HEADER) + "\n")
        for playbook_id, corpus, text in rows:
            verdict = verdicts[judgements.get((playbook_id, text))]
            file.write(f"{playbook_id}\t{corpus}\t{verdict}\t{text}\n")
    click.echo(f"wrote {path}: {len(rows)} lines")


def _print_misses(lines: Sequence[ThemeLine], outcomes: Sequence[LineOutcome]) -> None:
    for line, outcome in zip(lines, outcomes, strict=True):
        if is_wrong(line, outcome):
            what = "missed" if line.is_expected else "false alarm"
            click.echo(f"{line.writer} {line.language} {line.theme} {what}: {line.text}")
            for reason in () if line.is_expected else outcome.reasons:
                click.echo(f"    {reason}")


def _build_theme_table(figures: Sequence[ThemeFigures], part: str) -> Table:
    title = f"lines written for a theme, and look-alikes: {part}"
    table = _build_table(title, "theme", "language", "found", "false alarms", "any safety alert")
    for figure in figures:
        shares = (figure.recall, figure.false_alarms, figure.safety_alarms)
        table.add_row(figure.theme, figure.language, *map(_format_share, shares))
    return table


def _build_table(title: str, *columns: str) -> Table:
    """A table that keeps its names whole, in however narrow a terminal."""
    table = Table(title=title)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in {"theme", "playbook"})
    return table


def _format_share(share: Share) -> str:
    if not share.lines:
        return "-"
    count = f"{share.hits}/{share.lines} {share.ratio:.2f}"
    if not share.interval.is_defined:
        return count
    return f"{count} [{share.interval.low:.2f}, {share.interval.high:.2f}]"


def _build_rate_table(rates: Sequence[PlaybookRate]) -> Table:
    rates_header = ("per 10,000", "judged right", "false per 10,000")
    title = "lines that no customer said"
    table = _build_table(title, "corpus", "lines", "playbook", "fired", *rates_header)
    for rate in rates:
        judged = f"{rate.right_verdicts} of {rate.verdicts}" if rate.verdicts else "-"
        rates_text = (f"{rate.per_10_000:.1f}", judged, f"{rate.false_per_10_000:.1f}")
        table.add_row(rate.corpus, f"{rate.lines}", rate.playbook_id, f"{rate.fired}", *rates_text)
    return table


def _render(table: Table) -> str:
    with console.capture() as capture:
        console.print(table)
    return capture.get()
