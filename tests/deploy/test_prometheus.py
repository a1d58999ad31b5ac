"""The shipped PromQL against a real Prometheus that scrapes a real /metrics page."""

from __future__ import annotations

import math
import subprocess
from typing import TYPE_CHECKING

import pytest
from prometheus_client import start_http_server

from streams import metrics
from tests.deploy import observations
from tests.deploy.expressions import RULES, Expression, families, of_dashboard, of_rules
from tests.deploy.prometheus import CONFIG, Prometheus, Result, free_port, running, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

ALERTS = "sum(callmood_alerts_total)"
ONCE = {"playbook": "fired-once", "level": "notice"}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It has scraped the line twice: between the scrapes, everything was observed."""
    tool("prometheus")
    server, thread = start_http_server(0, addr="127.0.0.1")
    home = tmp_path_factory.mktemp("prometheus")
    target = f"127.0.0.1:{server.server_port}"
    try:
        observations.observe_everything()
        with running(home, port=free_port(), target=target) as one:
            one.wait("the first scrape", lambda: one.value(ALERTS) is not None)
            first = one.value(ALERTS) or 0.0
            observations.observe_everything()
            metrics.ALERTS_FIRED.labels(**ONCE).inc()
            one.wait("the second scrape", lambda: (one.value(ALERTS) or 0.0) > first)
            one.wait("two samples of each", lambda: _samples(one) >= 2)
            one.wait("the rules' first evaluation", lambda: _evaluated(one))
            yield one
    finally:
        observations.forget_levels()
        server.shutdown()
        server.server_close()
        thread.join()


def _samples(one: Prometheus) -> float:
    return one.value('count_over_time(callmood_alerts_total{playbook="fired-once"}[1m])') or 0.0


def _evaluated(one: Prometheus) -> bool:
    return bool(one.query('ALERTS{alertstate="firing"}'))


def _finite(found: Result) -> Result:
    return [entry for entry in found if math.isfinite(float(entry["value"][1]))]


@pytest.mark.parametrize("expression", of_dashboard(), ids=lambda one: one.where)
def test_a_panel_shows_what_was_observed(prometheus: Prometheus, expression: Expression) -> None:
    assert _finite(prometheus.query(expression.query))


@pytest.mark.parametrize("expression", of_rules(), ids=lambda one: one.where)
def test_an_alarms_condition_can_be_asked(prometheus: Prometheus, expression: Expression) -> None:
    prometheus.query(expression.query)


@pytest.mark.parametrize("name", sorted(families()))
def test_a_metric_reaches_prometheus_with_all_its_series(prometheus: Prometheus, name: str) -> None:
    for series in families()[name]:
        assert prometheus.query(series), series


def test_prometheus_evaluates_every_rule_without_complaint(prometheus: Prometheus) -> None:
    rules = prometheus.rules()
    assert len(rules) == len(of_rules())
    assert {rule["name"]: rule["health"] for rule in rules} == {
        rule["name"]: "ok" for rule in rules
    }


def test_an_alert_that_fired_once_is_counted_once(prometheus: Prometheus) -> None:
    """Its counter is born with it, so that increase() alone would see nothing."""
    naive = prometheus.value('sum(increase(callmood_alerts_total{playbook="fired-once"}[1h]))')
    shown = {
        (entry["metric"]["playbook"], entry["metric"]["level"]): float(entry["value"][1])
        for entry in prometheus.query(_query_of("Alerts by playbook"))
    }
    assert naive == 0
    assert shown["fired-once", "notice"] == 1


def test_the_share_of_answers_that_say_helped_leaves_withdrawn_ones_out(
    prometheus: Prometheus,
) -> None:
    (found,) = [
        float(entry["value"][1])
        for entry in prometheus.query(_query_of("Helped"))
        if entry["metric"]["playbook"] == observations.PLAYBOOK
    ]
    assert found == pytest.approx(0.5)


@pytest.mark.parametrize("title", ["Latency by stage, p50", "Latency by stage, p99"])
def test_a_stages_latency_lies_in_the_bucket_it_was_observed_in(
    prometheus: Prometheus, title: str
) -> None:
    shown = {
        entry["metric"]["stage"]: float(entry["value"][1])
        for entry in _finite(prometheus.query(_query_of(title)))
    }
    assert set(observations.STAGES) <= set(shown)
    assert all(0.3 <= shown[stage] <= 0.4 for stage in observations.STAGES)


def test_a_dead_letter_rings_at_the_next_evaluation(prometheus: Prometheus) -> None:
    firing = prometheus.query('ALERTS{alertname="DeadLettersRising", alertstate="firing"}')
    assert {"source": "audio.v1", "stage": "voice"}.items() <= firing[0]["metric"].items()


@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", str(CONFIG)),
        ("check", "rules", str(RULES)),
        ("test", "rules", str(RULES.with_name("rules_test.yml"))),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_promtool_finds_nothing_wrong(command: tuple[str, ...]) -> None:
    told = subprocess.run(
        [tool("promtool"), *command], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def _query_of(title: str) -> str:
    (found,) = [one.query for one in of_dashboard() if one.where.endswith(f"/ {title}”")][:1]
    return found
