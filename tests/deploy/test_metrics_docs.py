"""docs/metrics.md explains exactly the metrics and alarms that there are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from streams import metrics
from tests.deploy.expressions import ROOT, of_rules

DOCS = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in DOCS.splitlines()
    if line.startswith("| `")
]


@dataclass(frozen=True, slots=True)
class Made:
    """A metric as Prometheus shows it."""

    name: str
    kind: str
    labels: frozenset[str]


def _made() -> list[Made]:
    """From the objects that streams.metrics holds: they know their labels before any count."""
    held = {one._name: one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)}
    families = {one.name: one for one in REGISTRY.collect() if one.name in held}
    return [
        Made(
            name + ("_total" if family.type == "counter" else ""),
            family.type,
            frozenset(held[name]._labelnames),
        )
        for name, family in families.items()
    ]


def _documented() -> list[Made]:
    return [
        Made(row[0].strip("`"), row[1], frozenset(re.findall(r"`(\w+)`", row[2])))
        for row in ROWS
        if row[0].startswith("`callmood_")
    ]


def test_every_metric_has_exactly_one_row_and_no_row_is_without_a_metric() -> None:
    documented = [one.name for one in _documented()]
    assert sorted(documented) == sorted(one.name for one in _made())
    assert len(_made()) == len(metrics.list_names())


def test_each_row_states_the_type_and_the_labels_that_the_metric_has() -> None:
    assert set(_documented()) == set(_made())


def test_each_row_says_what_it_tells_and_what_to_do() -> None:
    rows = [row for row in ROWS if row[0].startswith("`callmood_")]
    assert all(len(row) == 5 and len(row[3]) > 20 and len(row[4]) > 3 for row in rows)


def test_every_alarm_has_exactly_one_row_and_no_row_is_without_an_alarm() -> None:
    alarms = [row[0].strip("`") for row in ROWS if re.match(r"`[A-Z]", row[0])]
    assert sorted(alarms) == sorted(one.where.removeprefix("rule ") for one in of_rules())
