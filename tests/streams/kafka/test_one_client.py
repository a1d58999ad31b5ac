"""Security, timeouts and errors of Kafka's clients are settled in one place."""

from __future__ import annotations

import ast
from pathlib import Path

CLIENTS = {
    "kafka": {"streams/kafka/admin.py", "streams/kafka/consumer.py", "streams/kafka/producer.py"},
    "aiokafka": {"streams/kafka/consumer.py", "streams/kafka/producer.py"},
    "faust": {"streams/processing/faust_app.py"},
}
MAKES_A_CLIENT = {
    "KafkaAdminClient",
    "KafkaConsumer",
    "KafkaProducer",
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "App",
}
FILES = sorted(Path("streams").rglob("*.py"))


def test_no_other_module_makes_a_client() -> None:
    makers: dict[str, set[str]] = {library: set() for library in CLIENTS}
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for library in _libraries_of_clients(tree):
            makers[library].add(path.as_posix())
    assert makers == CLIENTS


def _libraries_of_clients(tree: ast.Module) -> set[str]:
    """The libraries from which this module takes, at run time, something that connects."""
    libraries = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in CLIENTS:
            names = {alias.name for alias in node.names}
            libraries |= {node.module} if names & MAKES_A_CLIENT else set()
        elif isinstance(node, ast.Import):
            libraries |= {alias.name for alias in node.names} & set(CLIENTS)
    return libraries


def test_faust_s_private_attributes_are_two_and_in_one_file() -> None:
    marks = [
        (path.as_posix(), line.split("#")[0].split("._")[-1].split("(")[0].split(" ")[0])
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if "noqa: SLF001" in line
    ]
    in_faust = [mark for mark in marks if mark[0].startswith("streams/processing/")]
    assert in_faust == [
        ("streams/processing/faust_app.py", "read_offset"),
        ("streams/processing/faust_app.py", "commit_offsets"),
    ]
