"""docker-compose.yml and deploy/Dockerfile, taken apart."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.deploy.expressions import ROOT

FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy/Dockerfile"
TEXT = FILE.read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]


def environment(service: str) -> dict[str, str]:
    """What a service is told, as text, with the defaults filled in."""
    told = SERVICES[service].get("environment", {})
    return {name: filled_in(str(value)) for name, value in told.items()}


def published(service: str) -> list[str]:
    """Its published ports, with the defaults filled in."""
    return [filled_in(port) for port in SERVICES[service].get("ports", [])]


def filled_in(value: str) -> str:
    """``${NAME:-default}`` becomes its default."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def instructions() -> list[str]:
    """The Dockerfile's instructions, one a line, without comments."""
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    code = "\n".join(line for line in lines if not line.startswith("#"))
    return [line for line in re.sub(r"\\\n\s*", "", code).splitlines() if line]
