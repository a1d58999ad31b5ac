"""`callmood evaluate`: how good are the shipped detectors on a manifest of one's own?"""

from __future__ import annotations

import click

from streams.cli.lazy_group import LazyCommand, LazyGroup

COMMANDS = {
    "voice": LazyCommand("streams.cli.evaluate_voice:voice", "Read clips, and measure."),
    "text": LazyCommand("streams.cli.evaluate_text:text", "Read lines, and measure."),
    "calls": LazyCommand(
        "streams.cli.evaluate_calls:calls", "Play whole calls; count how often the mood rises."
    ),
    "playbooks": LazyCommand(
        "streams.cli.evaluate_playbooks:playbooks",
        "Play single lines; count what the playbooks find, and what they should not.",
    ),
    "neutral": LazyCommand(
        "streams.cli.evaluate_neutral:neutral",
        "Play neutral callers behind ring-back, music and echo.",
    ),
    "gate": LazyCommand(
        "streams.cli.evaluate_gate:gate", "Measure what the speech gate lets through and keeps."
    ),
    "manifest": LazyCommand(
        "streams.cli.evaluate_manifest:manifest", "Print a text corpus's rows for `evaluate text`."
    ),
    "baselines": LazyCommand(
        "streams.cli.evaluate_baselines:baselines", "Measure plain baselines (`train` extra)."
    ),
    "yardsticks": LazyCommand(
        "streams.cli.evaluate_baselines:yardsticks", "The old name of baselines.", is_hidden=True
    ),
}


@click.group(cls=LazyGroup, lazy_commands=COMMANDS)
def evaluate() -> None:
    """Measure a detector on a manifest, or just write what it reads."""
