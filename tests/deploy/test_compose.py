"""What can be known of the containers without a Docker engine."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
import yaml
from pydantic import TypeAdapter

from streams.kafka.local.jars import LOCK
from streams.settings import Settings
from tests.deploy.compose import (
    SERVICES,
    TEXT,
    environment,
    instructions,
    published,
)
from tests.deploy.expressions import ROOT
from tests.deploy.prometheus import CONFIG

PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = [name for name, service in SERVICES.items() if "build" in service]


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_pinned_to_a_full_version(service: str) -> None:
    assert PINNED.fullmatch(SERVICES[service]["image"])


def test_a_floating_tag_would_be_noticed() -> None:
    loose = ["redis", "redis:latest", "grafana/grafana:13", "apache/kafka:4.3"]
    assert not [image for image in loose if PINNED.fullmatch(image)]


def test_the_dockerfile_starts_from_pinned_images_only() -> None:
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", "\n".join(instructions()), re.MULTILINE))
    bases = [line.split()[1] for line in instructions() if line.startswith("FROM ")]
    resolved = [arguments[base[2:-1]] if base.startswith("${") else base for base in bases]
    assert len(resolved) == 2
    assert all(PINNED.fullmatch(image) for image in resolved)


def test_kafka_is_the_version_that_runs_without_docker() -> None:
    locked = tomllib.loads(LOCK.read_text(encoding="utf-8"))["dependencies"]
    (version,) = {jar["version"] for jar in locked if jar["artifactId"] == "kafka_2.13"}
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version}"


def test_our_image_is_tagged_with_our_version() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {f"callmood:{PROJECT['version']}"}


def test_every_setting_that_is_named_exists() -> None:
    known = {f"CALLMOOD_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"CALLMOOD_[A-Z_]+", TEXT + "\n".join(instructions())))
    assert named
    assert named <= known


@pytest.mark.parametrize("service", OURS)
def test_a_service_is_told_what_its_settings_accept(service: str) -> None:
    told = {
        name.removeprefix("CALLMOOD_").lower(): value
        for name, value in environment(service).items()
        if name.startswith("CALLMOOD_")
    }
    for name, value in told.items():
        field = Settings.model_fields[name]
        TypeAdapter(field.rebuild_annotation()).validate_strings(value)


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_published_beyond_this_machine(service: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in published(service))


def test_the_desk_is_published_on_its_own_port() -> None:
    assert published("desk") == ["127.0.0.1:8640:8640"]
    assert environment("desk")["CALLMOOD_PORT"] == "8640"


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"gateway"}))
def test_a_service_that_stays_has_a_healthcheck_and_comes_back(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]
    assert SERVICES[service]["restart"] == "unless-stopped"


@pytest.mark.parametrize("service", OURS)
def test_a_service_of_ours_runs_a_command_that_exists(service: str) -> None:
    from streams.cli import COMMANDS  # noqa: PLC0415  (imports nothing of the line)

    assert SERVICES[service]["command"][0] in COMMANDS


def test_prometheus_looks_where_the_services_show_their_metrics() -> None:
    jobs = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["scrape_configs"]
    looked_at = {
        (lookup["names"][0], str(lookup["port"]))
        for job in jobs
        for lookup in job["dns_sd_configs"]
    }
    assert looked_at == {
        ("worker", environment("worker")["CALLMOOD_WORKER_METRICS_PORT"]),
        ("gateway", environment("gateway")["CALLMOOD_GATEWAY_METRICS_PORT"]),
        ("desk", environment("desk")["CALLMOOD_PORT"]),
    }


def test_grafana_reads_its_dashboards_from_where_they_are_mounted() -> None:
    file = ROOT / "deploy/grafana/provisioning/dashboards/callmood.yml"
    (provider,) = yaml.safe_load(file.read_text(encoding="utf-8"))["providers"]
    path = provider["options"]["path"]
    home = environment("grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert f"./deploy/grafana/dashboards:{path}:ro" in SERVICES["grafana"]["volumes"]
    assert (ROOT / "deploy/grafana/dashboards" / home.removeprefix(f"{path}/")).is_file()


def test_every_path_that_is_mounted_from_the_checkout_is_there() -> None:
    mounted = [
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]
    assert len(mounted) == 3
    assert all((ROOT / path).is_dir() for path in mounted)


def test_the_image_installs_by_hash_and_does_not_run_as_root() -> None:
    users = [line for line in instructions() if line.startswith("USER ")]
    installs = [line for line in instructions() if "pip install" in line]
    assert users == ["USER callmood"]
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)
    entrypoint = next(line for line in instructions() if line.startswith("ENTRYPOINT "))
    assert json.loads(entrypoint.removeprefix("ENTRYPOINT "))[0] in PROJECT["scripts"]


def test_the_image_gets_every_package_that_the_wheel_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    needed = {*packages, PROJECT["readme"], *PROJECT["license-files"], "pyproject.toml"}
    assert needed <= let_in
