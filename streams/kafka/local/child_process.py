"""Child processes that never outlive us, and end in order."""

from __future__ import annotations

import ctypes
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError
from streams.home import describe_full_disk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_TIMEOUT_S = 15
ERROR_PREFIX = "callmood: "
"""How our commands begin what they give up with; it may have several lines."""
STOP_CODES = (0, -signal.SIGTERM, 128 + signal.SIGTERM)
"""Ours end cleanly when they are asked to; Java says 143."""
_PR_SET_PDEATHSIG = 1
"""Linux, prctl(2): the signal this process gets when its parent dies."""


class ChildError(CallmoodError):
    """A child ended, or did not say in time that it is ready. It names the child's log."""


@dataclass(slots=True)
class ChildProcess:
    """One process.

    Attributes:
        output_lines: the lines of its standard output that nobody has looked at; `None` at its end.
        ready_line: what it said when it was ready.
    """

    name: str
    log: Path
    process: subprocess.Popen[str]
    output_lines: queue.Queue[str | None]
    ready_line: str = ""

    def wait_for(self, prefix: str, *, timeout_s: float) -> str:
        """The rest of the first line that begins so.

        Raises:
            ChildError: it ended before, or took longer than ``timeout_s`` for its next line.
        """
        while True:
            try:
                line = self.output_lines.get(timeout=timeout_s)
            except queue.Empty:
                message = f"{self.name} was not ready after {timeout_s:.0f} s (log: {self.log})"
                raise ChildError(message) from None
            if line is None:
                raise ChildError(self.exit_report())
            if line.startswith(prefix):
                return line.removeprefix(prefix).strip()

    def exit_report(self) -> str:
        """Why it ended: what it was ended by, or its last words, each on its line."""
        code = self.process.wait(STOP_TIMEOUT_S)
        if code in STOP_CODES or code < 0:
            return f"{self.name} {describe_stop(code)} (log: {self.log})"
        error_lines = self._last_error_lines()
        parts = [f"{self.name} ended ({code}):", *error_lines, f"(log: {self.log})"]
        return ("\n" if len(error_lines) > 1 else " ").join(parts)

    def _last_error_lines(self) -> list[str]:
        """All of the last fault that a command of ours was ended by; else the last line."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if not lines:
            return [describe_full_disk(self.log.parent) or "it said nothing"]
        starts = [number for number, line in enumerate(lines) if line.startswith(ERROR_PREFIX)]
        if not starts:
            return lines[-1:]
        first, *rest = lines[starts[-1] :]
        return [first.removeprefix(ERROR_PREFIX), *rest]

    def stop(self) -> None:
        """End it, cleanly if it lets us."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(STOP_TIMEOUT_S)


def start_child(
    name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str]
) -> ChildProcess:
    """Start a process whose errors go to ``log`` and whose output is listened to."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603  (our own commands, no shell)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=env,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  (prctl only; no thread of ours forks)
        )
    output_lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read_output, args=(process, output_lines), daemon=True).start()
    return ChildProcess(name, log, process, output_lines)


def describe_stop(code: int) -> str:
    """What ended a process that did not fail by itself: nothing in its log is the reason.

    Args:
        code: its exit status, negative for a signal, as `subprocess` has it.
    """
    if code in STOP_CODES:
        return "was stopped from outside: start it again"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    cause = ": perhaps the machine's memory is full" if -code == signal.SIGKILL else ""
    return f"was ended by {name}{cause}"


def die_with_parent() -> None:
    """For ``preexec_fn``: ask the kernel (Linux) to end this process when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _read_output(process: subprocess.Popen[str], output_lines: queue.Queue[str | None]) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            output_lines.put(line.rstrip("\n"))
    output_lines.put(None)
