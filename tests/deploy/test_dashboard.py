"""The supervisors' dashboard and the alarm rules, as text: no server is needed."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
import yaml

from tests.deploy.expressions import (
    PROMETHEUS_OWN,
    ROOT,
    Expression,
    dashboard,
    families,
    of_dashboard,
    of_rules,
    series,
)

EXPRESSIONS = of_dashboard() + of_rules()
PANELS = dashboard()["panels"]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda one: one.where)
def test_an_expression_names_only_series_that_callmood_makes(expression: Expression) -> None:
    assert expression.metrics()
    assert expression.metrics() - series() <= PROMETHEUS_OWN


def test_a_series_that_nobody_makes_would_be_noticed() -> None:
    wrong = Expression('sum by (level) (rate(callmood_mood_total{level="calm"}[5m])) > 1', "")
    assert wrong.metrics() == {"callmood_mood_total"}
    assert not wrong.metrics() <= series()


def test_a_counter_without_its_suffix_would_be_noticed() -> None:
    assert Expression("increase(callmood_alerts[1h])", "").metrics() - series()


def test_the_dashboard_shows_what_a_supervisor_was_promised() -> None:
    shown = {name for one in of_dashboard() for name in one.metrics()}
    promised = {
        "callmood_calls",
        "callmood_moods_total",
        "callmood_alerts_total",
        "callmood_feedback_total",
        "callmood_readings_total",
        "callmood_stage_seconds_bucket",
        "callmood_utterances_total",
        "callmood_dead_letters_total",
        "callmood_trainer_queue",
    }
    assert promised <= shown


def test_every_variable_of_grafana_is_one_that_these_tests_fill_in() -> None:
    assert not [one.where for one in of_dashboard() if "$" in one.query]


@pytest.mark.parametrize("panel", PANELS, ids=lambda one: one["title"])
def test_a_panel_is_titled_and_explained_in_korean_and_in_english(panel: dict[str, Any]) -> None:
    korean, _, english = panel["title"].partition(" / ")
    assert re.search(r"[가-힣]", korean)
    assert english
    assert english.isascii()
    assert re.search(r"[가-힣]", panel["description"])
    assert re.search(r"[a-z]{3}", panel["description"])


def test_panels_have_ids_of_their_own_and_do_not_cover_each_other() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert not [
        (one["title"], other["title"])
        for one, other in combinations(PANELS, 2)
        if _overlap(one["gridPos"], other["gridPos"])
    ]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)


def test_every_panel_asks_the_datasource_that_is_provisioned() -> None:
    folder = ROOT / "deploy/grafana/provisioning/datasources"
    provisioned = {
        source["uid"]
        for file in folder.glob("*.yml")
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"]
    }
    asked = {panel["datasource"]["uid"] for panel in PANELS} | {
        target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]
    }
    assert asked == provisioned


def test_every_metric_is_on_the_dashboard_or_in_a_rule() -> None:
    used = {name for one in EXPRESSIONS for name in one.metrics()}
    assert not [name for name, made in families().items() if not made & used]


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )
