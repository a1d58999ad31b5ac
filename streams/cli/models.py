"""`callmood models`: which models ship, and under which licence."""

from __future__ import annotations

import sys

import click


@click.group()
def models() -> None:
    """Show the models behind the readings."""


@models.command("list")
def list_models() -> None:
    """List the detectors with version, size, model card and licence."""
    from detectors.detector import DetectorUnavailableError  # noqa: PLC0415 - loads the runtime
    from detectors.registry import DETECTORS  # noqa: PLC0415

    broken = False
    for entry in DETECTORS:
        try:
            description = entry.description()
        except DetectorUnavailableError as error:
            click.echo(f"callmood models: {error}", err=True)
            broken = True
            continue
        size = entry.artifact.stat().st_size / 1e6
        click.echo(f"{entry.name}  {description['version']}  {entry.modality}  {size:.2f} MB")
        click.echo(f"  card: {entry.card.parent.name}/{entry.card.name}")
        click.echo(f"  licence: {description['licence']}")
    if broken:
        sys.exit(1)
