"""The PromQL that the project ships, and the names that it uses."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import REGISTRY

from streams.metrics import list_names

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy/grafana/dashboards/supervisors.json"
RULES = ROOT / "deploy/prometheus/rules.yml"

PROMETHEUS_OWN = {"up", "ALERTS"}
GRAFANA_VARIABLES = {"$__rate_interval": "60s", "$__range": "3600s"}
_SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}
_KEYWORDS = {"and", "or", "unless", "offset", "bool"}
_NOT_A_METRIC = re.compile(
    r"""
    "[^"]*"                                                     # a string
    | \{[^}]*\}                                                 # a selector's matchers
    | \b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)  # labels
    | \[[^\]]*\] | \b\d[\w.]*                                   # a range, a number, a duration
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression, and where it stands.

    Attributes:
        query: ready for Prometheus: Grafana's variables are filled in.
        where: the panel or the rule.
    """

    query: str
    where: str

    def metrics(self) -> set[str]:
        """Every series it names."""
        plain = _NOT_A_METRIC.sub(" ", self.query)
        names = re.findall(r"\b([a-zA-Z_:][\w:]*)\b(?!\s*\()", plain)
        return set(names) - _KEYWORDS


def dashboard() -> dict[str, Any]:
    """The supervisors' dashboard."""
    found: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return found


def of_dashboard() -> list[Expression]:
    """Every query of every panel."""
    return [
        Expression(_filled_in(target["expr"]), f"panel {panel['id']} “{panel['title']}”")
        for panel in dashboard()["panels"]
        for target in panel["targets"]
    ]


def of_rules() -> list[Expression]:
    """Every alarm's condition."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [
        Expression(rule["expr"], f"rule {rule['alert']}")
        for group in groups
        for rule in group["rules"]
    ]


def families() -> dict[str, set[str]]:
    """Every metric of streams.metrics, and the series it makes."""
    return {
        metric.name: {metric.name + suffix for suffix in _SUFFIXES[metric.type]}
        for metric in REGISTRY.collect()
        if metric.name in list_names()
    }


def series() -> set[str]:
    """Every series that streams.metrics makes."""
    return set().union(*families().values())


def _filled_in(query: str) -> str:
    for variable, value in GRAFANA_VARIABLES.items():
        query = query.replace(variable, value)
    return query
