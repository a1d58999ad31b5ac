"""`callmood models list`: which models there are, and under which licence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from detectors.detector import DetectorUnavailableError
from detectors.registry import DETECTORS, find_voice_detector
from streams.settings import settings

if TYPE_CHECKING:
    from detectors.registry import DetectorEntry


@click.command("list")
def list_models() -> None:
    """List the detectors with version, size, model card and licence."""
    broken = False
    for entry in DETECTORS:
        try:
            _print_entry(entry)
        except DetectorUnavailableError as error:
            click.echo(f"callmood models: {error}", err=True)
            broken = True
    try:
        selected = find_voice_detector(settings().voice)
        description = selected.read_description()
        click.echo(
            f"voice in force: {description['name']} {description['version']} "
            f"({settings().voice or 'shipped'}); licence: {description['licence']}"
        )
    except DetectorUnavailableError as error:
        click.echo(f"callmood models: {error}", err=True)
        broken = True
    if broken:
        sys.exit(1)


def _print_entry(entry: DetectorEntry) -> None:
    description = entry.read_description()
    size = entry.artifact.stat().st_size / 1e6
    click.echo(f"{entry.name}  {description['version']}  {entry.modality}  {size:.2f} MB")
    click.echo(f"  card: {entry.card.parent.name}/{entry.card.name}")
    click.echo(f"  licence: {description['licence']}")
