"""Parsing a rule file: from its YAML nodes to a playbook."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.conditions.feasibility import sets_off
from playbooks.files.condition_parser import parse_condition
from playbooks.files.test_parser import parse_cases
from playbooks.playbook import Action, AlertLevel, Playbook, Rung, Step
from playbooks.sensitivity import Sensitive
from playbooks.text.word_lists import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playbooks.text.word_lists import Lexicon
    from playbooks.yaml_nodes import Block, Field

KEYS = frozenset(
    {
        *("id", "version", "owner", "level", "title", "why", "steps", "ladder"),
        *("when", "cooldown", "at_most", "priority", "supersedes", "sensitive", "tests"),
    }
)
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_BOTH = "write both ko and en"


def parse_playbook(top: Field, lexicon: Lexicon) -> Playbook:
    """One playbook. Worth nothing if ``top.problems`` has any afterwards."""
    block = top.block(KEYS)
    when = block.need("when", "write the condition that opens this page")
    known = len(top.problems.found)
    condition = parse_condition(when, lexicon)
    if len(top.problems.found) == known and not sets_off(condition):
        when.refuse("nothing in it can happen", "add said, topic, reading, mood, silence, ...")
    rungs = _rungs(block)
    at_most, cooldown = block.get("at_most"), block.get("cooldown")
    if at_most and at_most.integer(1, 100) < len(rungs) and not top.problems.found:
        at_most.refuse(
            f"the ladder has {len(rungs)} entries, more than at_most lets come",
            f"write at_most: {len(rungs)} or more, or leave it out",
        )
    priority, supersedes = block.get("priority"), block.get("supersedes")
    sensitive = block.get("sensitive")
    return Playbook(
        playbook_id=_identifier(block.need("id", "name it, such as rising-anger")),
        version=block.need("version", "begin with version: 1").integer(1, 1_000_000),
        owner=block.need("owner", "write who answers for this page").text(longest=80),
        title=_texts(block.need("title", _BOTH)),
        why=_texts(block.need("why", _BOTH)),
        when=condition,
        rungs=rungs,
        cooldown_ms=cooldown.duration(1_000, 3_600_000) if cooldown else 60_000,
        at_most=at_most.integer(1, 100) if at_most else max(3, len(rungs)),
        priority=priority.integer(0, 1_000) if priority else 0,
        content_hash=content_hash(top, lexicon),
        sensitive=sensitive.choice(Sensitive) if sensitive else None,
        supersedes=frozenset(map(_identifier, supersedes.items() if supersedes else [])),
        cases=parse_cases(block.need("tests", "add a test that fires and one that does not")),
    )


def content_hash(top: Field, lexicon: Lexicon) -> str:
    """SHA-256 of what decides when a playbook fires and what it says, in hexadecimal.

    Layout, comments and its own tests are not in it; the word lists it names are.
    """
    content = top.canonical(without={"tests"})
    names = sorted(set(_lists_named(json.loads(content))) & lexicon.keys())
    lists = [f"{name}={lexicon[name].content}" for name in names]
    return hashlib.sha256("\n".join([content, *lists]).encode()).hexdigest()


def _lists_named(tree: object, *, below: bool = False) -> Iterator[str]:
    """The word lists that a rule names; a scalar of the tree is its tag and its text."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _lists_named(part, below=key == "lexicon")
    elif isinstance(tree, list):
        for part in tree:
            if below and isinstance(part, str):
                yield part.strip()
            yield from _lists_named(part, below=below)


def _rungs(block: Block) -> tuple[Rung, ...]:
    ladder = block.get("ladder")
    if ladder is None:
        return (_rung(block),)
    for name in ("level", "steps"):
        if part := block.get(name):
            part.refuse(f"{name} stands beside a ladder", "write it in the ladder's entries")
    return tuple(_rung(item.block({"level", "title", "steps"})) for item in ladder.items(least=2))


def _rung(block: Block) -> Rung:
    return Rung(
        level=block.need("level", "write notice, warning or critical").choice(AlertLevel),
        title=_texts(block.need("title", _BOTH)),
        steps=tuple(map(_step, block.need("steps", "list what the agent may do").items())),
    )


def _identifier(field: Field) -> str:
    text = field.text(longest=60)
    if text and not _ID.fullmatch(text):
        field.refuse(f"{text!r} is no id", "use small letters, digits and single hyphens")
    return text


def _texts(field: Field) -> dict[Language, str]:
    block = field.block(LANGUAGES)
    return {
        language: block.need(language, "translate it").text(longest=300) for language in Language
    }


def _step(field: Field) -> Step:
    block = field.block({*LANGUAGES, "do"})
    do = block.get("do")
    return Step(
        text={lang: block.need(lang, "translate it").text() for lang in Language},
        do=do.choice(Action) if do else None,
    )
