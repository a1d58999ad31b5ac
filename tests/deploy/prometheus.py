"""A real Prometheus for tests: started on a free port, asked by its HTTP API."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from streams.kafka.local.child_process import die_with_parent
from tests.deploy.expressions import ROOT, RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONFIG = ROOT / "deploy/prometheus/prometheus.yml"
SCRAPE_EVERY = "500ms"
ANSWER_S = 30.0
POLL_S = 0.05

Result = list[dict[str, Any]]


def tool(name: str) -> str:
    """Where a program is; without it the test is skipped, and in CI fails."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed (Debian, Ubuntu: apt install prometheus)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running server."""

    url: str
    log: Path

    def query(self, query: str) -> Result:
        """What an expression gives now: one entry a series.

        Raises:
            AssertionError: Prometheus refuses the expression; says why.
        """
        found: Result = self._get("query", query=query)["result"]
        return found

    def value(self, query: str) -> float | None:
        """The one value of an expression; None where it gives nothing."""
        found = self.query(query)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def rules(self) -> Result:
        """Every rule, with its health."""
        groups = self._get("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def wait(self, what: str, fulfilled: Callable[[], bool]) -> None:
        """Ask again until it is so.

        Raises:
            TimeoutError: it was not within `ANSWER_S`.
        """
        deadline = time.monotonic() + ANSWER_S
        while not fulfilled():
            if time.monotonic() > deadline:
                message = f"not within {ANSWER_S:.0f} s: {what} (log: {self.log})"
                raise TimeoutError(message)
            time.sleep(POLL_S)

    def is_ready(self) -> bool:
        """Whether it answers questions."""
        try:
            with urlopen(f"{self.url}/-/ready", timeout=5):
                return True
        except (URLError, OSError):
            return False

    def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        url = f"{self.url}/api/v1/{path}?{urlencode(parameters)}"
        try:
            with urlopen(url, timeout=10) as answer:
                found: dict[str, Any] = json.load(answer)["data"]
        except HTTPError as refused:
            raise AssertionError(json.load(refused)["error"]) from None
        return found


@contextmanager
def running(home: Path, *, port: int, target: str) -> Iterator[Prometheus]:
    """The project's own configuration, but that the workers are at ``target``."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "prometheus.yml"
    config.write_text(yaml.safe_dump(_pointed_at(target)), encoding="utf-8")
    one = Prometheus(f"http://127.0.0.1:{port}", home / "prometheus.log")
    command = [
        tool("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with one.log.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env={**os.environ, "GOMAXPROCS": "1"},
            preexec_fn=die_with_parent,  # noqa: PLW1509  (prctl only)
        )
    try:
        one.wait("Prometheus is ready", one.is_ready)
        yield one
    finally:
        process.terminate()
        process.wait(ANSWER_S)


def _pointed_at(target: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["global"] = {
        "scrape_interval": SCRAPE_EVERY,
        "scrape_timeout": SCRAPE_EVERY,
        "evaluation_interval": SCRAPE_EVERY,
    }
    config["rule_files"] = [str(RULES)]
    (worker,) = (job for job in config["scrape_configs"] if job["job_name"] == "worker")
    del worker["dns_sd_configs"]
    # Every process shows all metrics: one target is enough to see each once.
    config["scrape_configs"] = [worker | {"static_configs": [{"targets": [target]}]}]
    return config
