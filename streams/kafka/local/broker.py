"""Formats, starts, waits for and stops one Kafka node (KRaft, broker and controller in one)."""

from __future__ import annotations

import base64
import shutil
import signal
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError
from streams.home import describe_full_disk, prepare_home, require_free_space
from streams.kafka.local import address
from streams.kafka.local.child_process import STOP_CODES, describe_stop, die_with_parent
from streams.kafka.local.jars import JarsError, fetch_jars, find_damaged_jar
from streams.kafka.local.java import find_java

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOST = "127.0.0.1"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
HEAP = "512m"
MIN_FREE_BYTES = 100_000_000
"""Below this a broker may come up and end within the first calls."""


class KafkaStartError(CallmoodError):
    """The broker did not come up. The message is one line and names the log."""


@dataclass(frozen=True, slots=True)
class BrokerLog:
    """The file that every broker of one home has written to; this one's part of it.

    Attributes:
        path: the file.
        start: how many bytes were there before this broker.
    """

    path: Path
    start: int

    @classmethod
    def begin(cls, path: Path) -> BrokerLog:
        """The part that begins now."""
        return cls(path, path.stat().st_size if path.exists() else 0)

    def find_failure_reason(self) -> str:
        """The line that says best why the broker ended."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            lines = file.read().decode(errors="replace").splitlines()[-200:]
        errors = [line for line in lines if "ERROR" in line or "Exception" in line]
        reason = _last_line("\n".join(errors[:1] or lines[-1:]))
        return describe_full_disk(self.path.parent) or reason or "it said nothing"


@dataclass(slots=True)
class LocalKafka:
    """A running broker. Others find it by the address that it leaves in its home.

    Attributes:
        bootstrap: ``host:port`` for clients.
        log: its part of the log file in its home.
    """

    bootstrap: str
    log: BrokerLog
    server: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it, cleanly if it lets us."""
        address.withdraw(self.log.path.parent, self.bootstrap)
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            try:
                self.server.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait(STOP_TIMEOUT_S)

    def exit_report(self) -> str:
        """Why it ended by itself."""
        code = self.server.wait(STOP_TIMEOUT_S)
        if code in STOP_CODES or code < 0:
            return f"Kafka {describe_stop(code)} (log: {self.log.path})"
        return f"Kafka ended ({code}): {self.log.find_failure_reason()} (log: {self.log.path})"

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.server.poll() is None


def start_kafka(
    *,
    home: Path,
    jars: Path,
    port: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    overrides: Mapping[str, str] | None = None,
) -> LocalKafka:
    """Start a broker on ``port`` (0: a free one) that keeps its data under ``home``.

    Args:
        home: where its data, its log and its address are.
        jars: where Kafka's jars are, or go.
        port: of its plain listener.
        progress: called with jars fetched and jars there are.
        overrides: broker properties that go before ours, such as more listeners.

    Raises:
        JavaError: no Java runtime.
        HomeError: ``home`` cannot be written to, or its disk is full.
        JarsError: a jar could not be fetched.
        KafkaStartError: one runs on ``home`` already, the port is taken, it did not take
            connections in `START_TIMEOUT_S`, or ended.
    """
    java = find_java()
    # All that may be refused is looked at before anything is fetched.
    home = prepare_home(home)
    _require_only_one(home)
    require_free_space(home, MIN_FREE_BYTES, purpose="Kafka")
    port = port or _free_port()
    _check_port_free(port)
    jar_folder = fetch_jars(jars, progress)
    try:
        return _start([str(java), "-cp", f"{jar_folder}/*"], home, port, overrides or {})
    except KafkaStartError:
        if damaged := find_damaged_jar(jar_folder):
            message = f"{damaged} in {jar_folder} is damaged: delete that folder, and start again"
            raise JarsError(message) from None
        raise


def _start(command: list[str], home: Path, port: int, overrides: Mapping[str, str]) -> LocalKafka:
    config = _write_config(home, port, _free_port(), overrides)
    if not (home / "data" / "meta.properties").exists():
        _format_storage(command, config, home)
    broker = _launch(command, config, BrokerLog.begin(home / "kafka.log"), port)
    try:
        _wait_until_ready(broker, port)
        address.publish(home, broker.bootstrap)
    except BaseException:
        broker.stop()
        raise
    return broker


def _launch(command: list[str], config: Path, log: BrokerLog, port: int) -> LocalKafka:
    with log.path.open("ab") as out:
        server = subprocess.Popen(  # noqa: S603  (our own jars and configuration, no shell)
            [*_add_heap_options(command), "kafka.Kafka", str(config)],
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            # Its own session: a Ctrl-C reaches the one who started us, who stops it in order.
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  (prctl only; no thread of ours forks)
        )
    return LocalKafka(bootstrap=f"{HOST}:{port}", log=log, server=server)


def _require_only_one(home: Path) -> None:
    if running := address.find_running_broker(home):
        message = (
            f"a Kafka already runs on {home}, at {running}: commands with the same CALLMOOD_HOME "
            "use it; end it first, or start a second one with another --home"
        )
        raise KafkaStartError(message)


def _add_heap_options(command: list[str]) -> list[str]:
    # -Xshare and the serial collector make a small broker start sooner and stay smaller.
    options = [f"-Xmx{HEAP}", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4"]
    return [command[0], *options, f"-Dlog4j2.configurationFile={_LOGGING_CONFIG}", *command[1:]]


_LOGGING_CONFIG = Path(__file__).with_name("log4j2.properties")


def _write_config(
    home: Path, port: int, controller_port: int, overrides: Mapping[str, str]
) -> Path:
    data = home / "data"
    template = Path(__file__).with_name("server.properties").read_text(encoding="utf-8")
    text = template.format(host=HOST, port=port, controller_port=controller_port, data=data)
    # Of a property that is there twice, Kafka takes the last.
    lines = [
        f"{name}={value.format(port=port, controller_port=controller_port)}\n"
        for name, value in overrides.items()
    ]
    config = home / "server.properties"
    config.write_text(text + "".join(lines), encoding="utf-8")
    return config


def _format_storage(command: list[str], config: Path, home: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    shutil.rmtree(home / "data", ignore_errors=True)
    tool = [*command, "kafka.tools.StorageTool", "format", "--standalone"]
    try:
        subprocess.run(  # noqa: S603
            [*tool, f"--cluster-id={cluster}", "-c", str(config)],
            check=True,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT_S,
        )
    except subprocess.CalledProcessError as error:
        reason = describe_full_disk(home) or _last_line(error.stderr) or "it said nothing"
        message = f"Kafka's storage in {home} could not be made: {reason}"
        raise KafkaStartError(message) from None
    except subprocess.TimeoutExpired:
        message = (
            f"Kafka's storage in {home} was not made within {START_TIMEOUT_S} s: "
            "is the machine or its disk busy? Try again"
        )
        raise KafkaStartError(message) from None


def _wait_until_ready(broker: LocalKafka, port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if not broker.is_alive:
            reason = broker.log.find_failure_reason()
            message = f"Kafka ended while starting: {reason} (log: {broker.log.path})"
            raise KafkaStartError(message)
        if address.is_answering(HOST, port):
            return
        time.sleep(0.1)
    message = f"Kafka took no connections within {START_TIMEOUT_S} s (log: {broker.log.path})"
    raise KafkaStartError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _check_port_free(port: int) -> None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except OSError:
        message = f"port {port} is taken by another program: choose another with --port"
        raise KafkaStartError(message) from None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
