"""Parsing a rule file: from its YAML nodes to a playbook."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.alert import Action, AlertLevel
from playbooks.conditions.feasibility import is_trigger
from playbooks.files.condition_parser import parse_condition
from playbooks.files.test_parser import parse_cases
from playbooks.playbook import Playbook, ProtocolStep, Rung
from playbooks.sensitivity import SensitivityKind
from playbooks.text.word_lists import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.text.word_lists import WordLists
    from playbooks.yaml_nodes import YamlBlock, YamlField

PLAYBOOK_KEYS = frozenset(
    {
        *("id", "version", "owner", "level", "title", "why", "steps", "ladder"),
        *("when", "cooldown", "at_most", "priority", "supersedes", "sensitive", "tests"),
    }
)
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_BOTH = "write both ko and en"


def parse_playbook(top: YamlField, lexicon: WordLists) -> Playbook:
    """One playbook. Worth nothing if ``top.problems`` has any afterwards."""
    block = top.block(PLAYBOOK_KEYS)
    when = block.require("when", "write the condition that opens this page")
    problem_count = len(top.problems.entries)
    condition = parse_condition(when, lexicon)
    if len(top.problems.entries) == problem_count and not is_trigger(condition):
        when.add_problem("nothing in it can happen", "add said, topic, reading, mood, silence, ...")
    rungs = _parse_rungs(block)
    at_most, cooldown = block.get("at_most"), block.get("cooldown")
    if at_most and at_most.integer(1, 100) < len(rungs) and not top.problems.entries:
        at_most.add_problem(
            f"the ladder has {len(rungs)} entries, more than at_most lets come",
            f"write at_most: {len(rungs)} or more, or leave it out",
        )
    priority, supersedes = block.get("priority"), block.get("supersedes")
    sensitive = block.get("sensitive")
    return Playbook(
        playbook_id=_parse_id(block.require("id", "name it, such as rising-anger")),
        version=block.require("version", "begin with version: 1").integer(1, 1_000_000),
        owner=block.require("owner", "write who answers for this page").text(max_length=80),
        title=_parse_texts(block.require("title", _BOTH)),
        why=_parse_texts(block.require("why", _BOTH)),
        when=condition,
        rungs=rungs,
        cooldown_ms=cooldown.duration(1_000, 3_600_000) if cooldown else 60_000,
        at_most=at_most.integer(1, 100) if at_most else max(3, len(rungs)),
        priority=priority.integer(0, 1_000) if priority else 0,
        content_hash=compute_content_hash(top, lexicon),
        sensitive=sensitive.choice(SensitivityKind) if sensitive else None,
        supersedes=frozenset(map(_parse_id, supersedes.items() if supersedes else [])),
        cases=parse_cases(block.require("tests", "add a test that fires and one that does not")),
    )


def compute_content_hash(top: YamlField, lexicon: WordLists) -> str:
    """SHA-256 of what decides when a playbook fires and what it says, in hexadecimal.

    Layout, comments and its own tests are not in it; the word lists it names are.
    """
    content = top.to_canonical_json(exclude={"tests"})
    names = sorted(set(_find_list_names(json.loads(content))) & lexicon.keys())
    lists = [f"{name}={lexicon[name].content}" for name in names]
    return hashlib.sha256("\n".join([content, *lists]).encode()).hexdigest()


def _find_list_names(tree: object, *, in_lexicon: bool = False) -> Iterator[str]:
    """The word lists that a rule names; a scalar of the tree is its tag and its text."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _find_list_names(part, in_lexicon=key == "lexicon")
    elif isinstance(tree, list):
        for part in tree:
            if in_lexicon and isinstance(part, str):
                yield part.strip()
            yield from _find_list_names(part, in_lexicon=in_lexicon)


def _parse_rungs(block: YamlBlock) -> tuple[Rung, ...]:
    ladder = block.get("ladder")
    if ladder is None:
        return (_parse_rung(block),)
    for name in ("level", "steps"):
        if part := block.get(name):
            part.add_problem(f"{name} stands beside a ladder", "write it in the ladder's entries")
    return tuple(
        _parse_rung(item.block({"level", "title", "steps"})) for item in ladder.items(min_items=2)
    )


def _parse_rung(block: YamlBlock) -> Rung:
    return Rung(
        level=block.require("level", "write notice, warning or critical").choice(AlertLevel),
        title=_parse_texts(block.require("title", _BOTH)),
        steps=tuple(map(_parse_step, block.require("steps", "list what the agent may do").items())),
    )


def _parse_id(field: YamlField) -> str:
    text = field.text(max_length=60)
    if text and not _ID.fullmatch(text):
        field.add_problem(f"{text!r} is no id", "use small letters, digits and single hyphens")
    return text


def _parse_texts(field: YamlField) -> dict[Language, str]:
    block = field.block(LANGUAGES)
    return {
        language: block.require(language, "translate it").text(max_length=300)
        for language in Language
    }


def _parse_step(field: YamlField) -> ProtocolStep:
    block = field.block({*LANGUAGES, "do"})
    action = block.get("do")
    return ProtocolStep(
        text={lang: block.require(lang, "translate it").text() for lang in Language},
        do=action.choice(Action) if action else None,
    )
