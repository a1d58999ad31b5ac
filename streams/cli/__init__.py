"""The command ``callmood``: each subcommand is a module of this folder, loaded when named."""

from __future__ import annotations

import logging
import os
import sys

import click

from detectors.errors import CallmoodError
from streams.cli.error_report import describe_error
from streams.cli.lazy_group import LazyCommand, LazyGroup

SUMMARIES = {
    "run": "Start everything here and play calls: Kafka, worker, desk.",
    "replay": "Play recorded calls into the pipeline, as if they happened now.",
    "worker": "Listen, read, advise: the processors.",
    "desk": "The pages of agents, supervisors and trainers.",
    "kafka": "Start a local Kafka.",
    "callers": "Forget a caller.",
    "topics": "Make and show the topics.",
    "settings": "Show the settings.",
    "playbooks": "Check, test and try out playbooks.",
    "calls": "Keep recorded calls as a file.",
    "evidence": "Check sealed evidence, or seal a call's.",
    "models": "Show the detectors.",
    "evaluate": "Measure a detector on labelled recordings or texts.",
    "train": "Train a detector (needs the `train` extra).",
    "bench": "Measure speed and cost.",
}
"""What ``callmood --help`` says of each subcommand; a newcomer's come first."""

COMMANDS = {
    name: LazyCommand(f"streams.cli.{name}:{name}", summary) for name, summary in SUMMARIES.items()
}

HELP = """Listen to a call centre in real time, and help the people in it.

Call audio and transcripts go through Kafka; the customer's voice tone and words become
readings, readings a mood, and playbooks push the right page of the manual to the agent.

\b
Start here:   callmood run              two demo calls, live in your browser
              callmood run my.wav       your own recording
Then:         callmood playbooks test   what the alerts are made of
"""


@click.group(
    cls=LazyGroup,
    lazy_commands=COMMANDS,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="callmood")
def cli() -> None:
    """Hold the subcommands."""


def main() -> None:
    """Entry point: what the user can mend is one line on the standard error."""
    # Calls are the parallel axis: numpy's own threads would only spin beside the worker's core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # kafka-python tells every attempt to connect; our errors say the same in one line.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except CallmoodError as error:
        _exit_with(str(error))
    except (OSError, ValueError) as error:
        if not (line := describe_error(error)):
            raise
        _exit_with(line)


def _exit_with(line: str) -> None:
    click.echo(f"callmood: {line}", err=True)
    sys.exit(1)
