"""Names are the field's: none of the old dialect, and each name means one thing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGES = ("detectors", "playbooks", "streams")

DIALECT = frozenset(
    {
        "told", "heard", "kept", "found", "shown", "felt", "known", "taken", "given",
        "said", "asked", "left", "wanted", "judged", "withheld", "written", "believed", "lent",
    }
)  # fmt: skip
"""Participles that stood for nouns and verbs: what a function returns, or what a thing is."""

GERUND_NOUNS = frozenset(
    {
        "reading", "recording", "setting", "finding", "rating", "timing", "voicing", "meaning",
        "opening", "closing", "embedding", "encoding", "damping", "loading", "string", "logging",
        "warning", "rising", "easing", "connecting", "tuning", "crossing", "pending", "missing",
        "remaining", "beginning", "sealing", "waiting", "returning", "engaging", "processing",
        "housekeeping", "wording",
    }
)  # fmt: skip
"""Nouns of the field that end in -ing, and values that people know from API, pages and states."""

KNOWN_TO_USERS = frozenset(
    {
        # Fields of messages, of the API and of templates: renaming them would break readers.
        "heard_at", "found_at", "given_by", "notice_given", "found", "asked", "taken", "asked_at",
        "known", "said", "SAID_KEYS", "parse_said",
        # Topics, as the lists of readings name them.
        "VOICE_PHISHING", "MIS_SELLING",
        # What HTTP calls it.
        "NOT_FOUND",
    }
)  # fmt: skip

ROLES = frozenset(
    {
        # What a feature, a processor or a trainer consists of: the package says whose it is.
        "api", "feature", "models", "persist", "processor", "routes", "card", "calibration",
        "detector", "examples", "model", "report", "train", "metrics", "engine", "manifest",
        "transcript", "callers", "evidence", "calls", "dead_letters",
    }
)  # fmt: skip


class Definition(NamedTuple):
    where: str
    name: str
    is_class: bool


def sources() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


@cache
def definitions() -> tuple[Definition, ...]:
    """Every name that a module or a class defines; not what is local to a function."""
    found: list[Definition] = []
    for file in sources():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        bodies = [tree.body, *(n.body for n in ast.walk(tree) if isinstance(n, ast.ClassDef))]
        for node in (node for body in bodies for node in body):
            where = f"{file.relative_to(ROOT)}:{node.lineno}"
            found += [
                Definition(where, name, isinstance(node, ast.ClassDef)) for name in defined(node)
            ]
    return tuple(found)


def defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def is_dialect(name: str) -> bool:
    parts = words(name)
    if name in KNOWN_TO_USERS or parts[:1] in (["is"], ["has"], ["was"]):
        return False
    gerund = parts[-1].endswith("ing") and parts[-1] not in GERUND_NOUNS if parts else False
    return gerund or bool({*parts} & DIALECT)


def test_no_public_name_is_of_the_old_dialect() -> None:
    public = [one for one in definitions() if not one.name.startswith("_")]
    assert len(public) > 2_000, "the search looks at everything"
    assert [f"{one.where} {one.name}" for one in public if is_dialect(one.name)] == []


def test_the_search_knows_the_dialect_from_the_field() -> None:
    for name in ("told", "Heard", "what_was_kept", "advising", "keeping", "FoundKafka"):
        assert is_dialect(name), name
    for name in ("Reading", "is_known_label", "notice_given", "open_recording", "read_batch"):
        assert not is_dialect(name), name


def test_no_class_name_is_used_twice() -> None:
    places = defaultdict(list)
    for one in definitions():
        if one.is_class:
            places[one.name].append(one.where)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_two_modules_are_named_alike() -> None:
    """But for roles, and for the commands, whose modules are named like the commands."""
    places = defaultdict(list)
    for file in sources():
        if file.stem not in {"__init__", *ROLES} and "cli" not in file.parts:
            places[file.stem].append(str(file.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_module_is_named_by_a_participle_or_by_nothing_in_particular() -> None:
    stems = {file.stem for file in sources()} - {"__init__"}
    empty = {"utils", "helpers", "common", "manager", "data", "process", "misc", "base_utils"}
    gerunds = {"normalising", "endpointing", "batching", "preprocessing", "processing",
               "testing", "wording", "recording", "scoring", "upsampling", "reading",
               "housekeeping"}  # fmt: skip
    assert stems & empty == set()
    assert {stem.split("_")[-1] for stem in stems if stem.endswith("ing")} - gerunds == set()
    assert {stem for stem in stems if {*stem.split("_")} & DIALECT} - {"said_parser"} == set()
