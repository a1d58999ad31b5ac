"""`callmood evaluate manifest`: a text corpus's measuring rows."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import click

from detectors.corpora.corpora import CorpusError
from detectors.corpora.text_manifests import HEADER, iter_manifest_rows
from streams.cli.evaluation_output import DATA, complain

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("corpus", type=click.Choice(["kote", "goemotions"]))
@DATA
def manifest(*, corpus: str, data: Path) -> None:
    """Print a text corpus's measuring rows as a manifest for `evaluate text`."""
    try:
        rows = list(iter_manifest_rows(data, corpus))
    except CorpusError as error:
        complain(str(error))
        sys.exit(1)
    csv.writer(sys.stdout, lineterminator="\n").writerows([HEADER, *rows])
