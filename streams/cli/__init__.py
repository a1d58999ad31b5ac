"""The command ``callmood``: each subcommand is a module of this folder, loaded when named."""

from __future__ import annotations

import importlib
import logging
import sys

import click

from streams.cli.errors import describe_os_error, describe_validation_error

COMMANDS: dict[str, str] = {
    "run": "Start everything here and play calls: Kafka, worker, desk.",
    "replay": "Play recorded calls into the line, as if they happened now.",
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
    "bench": "Measure the line.",
}
"""Every subcommand, with the line that ``callmood --help`` shows."""


class LazyGroup(click.Group):
    """Imports a subcommand only when it is used: ``callmood --help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order above: what a newcomer needs first comes first."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The module of the same name holds the command of the same name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"streams.cli.{cmd_name}")
        command = getattr(module, cmd_name)
        if not isinstance(command, click.Command):
            message = f"streams.cli.{cmd_name}.{cmd_name} is no command"
            raise TypeError(message)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="callmood")
def cli() -> None:
    r"""Listen to a call centre in real time, and help the people in it.

    Call audio and transcripts go through Kafka; the customer's voice tone and words become
    readings, readings a mood, and playbooks push the right page of the manual to the agent.

    \b
    Start here:   callmood run              two demo calls, live in your browser
                  callmood run my.wav       your own recording
    Then:         callmood playbooks test   what the alerts are made of
    """


def main() -> None:
    """Entry point: what the user can mend is one line on the standard error."""
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
    except OSError as error:
        _exit_with(describe_os_error(error))
    except _resolve_errors(("pydantic", "ValidationError")) as error:
        _exit_with(describe_validation_error(error))  # type: ignore[arg-type]  # the class is looked up late
    except _resolve_errors(*_USER_ERRORS) as error:
        _exit_with(str(error))


def _exit_with(line: str) -> None:
    click.echo(f"callmood: {line}", err=True)
    sys.exit(1)


_USER_ERRORS = (
    ("streams.kafka.connection", "BrokerError"),
    ("streams.bench.screen_latency", "BrowserMissingError"),
    ("streams.ingest.caller_hash", "CallerKeyError"),
    ("streams.kafka.local.child_process", "ChildError"),
    ("streams.kafka.local.broker", "KafkaStartError"),
    ("streams.kafka.local.jars", "JarsError"),
    ("streams.kafka.local.java", "JavaError"),
    ("detectors.detector", "DetectorUnavailableError"),
    ("playbooks.files.loader", "PlaybookError"),
    ("streams.evidence.archive", "ArchiveError"),
    ("streams.evidence.call_record", "SealError"),
    ("streams.store.engine", "StoreError"),
    ("streams.site.feature", "SendError"),
)
"""Errors whose text is written for the user."""


def _resolve_errors(*names: tuple[str, str]) -> tuple[type[Exception], ...]:
    """Error classes by module and name; one whose module is not loaded was not raised."""
    classes = [getattr(sys.modules.get(module), name, None) for module, name in names]
    return tuple(error for error in classes if error is not None)
