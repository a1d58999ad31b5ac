"""Reading a rule file's YAML with every problem at its line, all of them at once.

Nothing is turned into Python objects: only the node tree is looked at, so that every value
keeps its place and a file cannot run anything. An accessor that finds something wrong notes it
and answers with a harmless value; whoever asked throws the result away if `Problems` has any.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_PROBLEMS = 100
"""Of one file. Nobody reads more at once, and a broken file can have tens of thousands."""

MAX_TEXT = 600

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DURATION = re.compile(
    r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,4})m)?(?:(\d{1,6}(?:\.\d{1,3})?)s)?(?:(\d{1,8})ms)?",
    re.ASCII,
)
_UNITS_MS = (86_400_000, 3_600_000, 60_000, 1_000, 1)
_TAG = "tag:yaml.org,2002:"

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(slots=True)
class Problems:
    """What is wrong with one file."""

    name: str
    found: list[tuple[int, str]] = field(default_factory=list)
    more: int = 0

    def add(self, line: int, what: str, advice: str) -> None:
        """Note one; ``line`` counts from 1. Beyond `MAX_PROBLEMS` they are only counted."""
        if len(self.found) < MAX_PROBLEMS:
            self.found.append((line, f"{self.name}:{line}: {what}; {advice}"))
        else:
            self.more += 1

    def lines(self) -> list[str]:
        """``file:line: what; what to do``, top to bottom, each once."""
        told = list(dict.fromkeys(text for _, text in sorted(self.found)))
        more = f"{self.name}:1: {self.more} problems more; mend these first"
        return [*told, more] if self.more else told


@dataclass(frozen=True, slots=True)
class Field:
    """One value in the file. ``node`` is ``None`` where a required key is missing."""

    name: str
    node: Node | None
    problems: Problems

    @property
    def line(self) -> int:
        """Where it starts, from 1."""
        return self.node.start_mark.line + 1 if self.node else 1

    def refuse(self, what: str, advice: str) -> None:
        """Note a problem here, unless the missing key was noted already."""
        if self.node is not None:
            self.problems.add(self.line, what, advice)

    def block(
        self, allowed: Collection[str], *, elsewhere: Mapping[str, str] | None = None
    ) -> Block:
        """As a mapping whose keys are ``allowed``, each at most once.

        Args:
            allowed: the keys it may have.
            elsewhere: keys that people write here, and what to do with them.
        """
        if not isinstance(self.node, MappingNode):
            self.refuse(f"{self.name} is not a block", f"write {_listed(allowed)} below it")
            return Block(self, {})
        parts: dict[str, Field] = {}
        for key_node, value in self.node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else "(a block)"
            part = Field(key, key_node, self.problems)
            if key in parts:
                part.refuse(f"{key!r} is written twice", "keep one of them")
            elif key not in allowed:
                advice = (elsewhere or {}).get(key) or _meant(key, allowed)
                part.refuse(f"unknown key {key!r}", advice)
            else:
                parts[key] = Field(key, value, self.problems)
        return Block(self, parts)

    @property
    def is_block(self) -> bool:
        """It is a mapping."""
        return isinstance(self.node, MappingNode)

    @property
    def is_list(self) -> bool:
        """It is a list."""
        return isinstance(self.node, SequenceNode)

    def part(self, text: str) -> Field:
        """A piece of this text as a value of its own, at the same place."""
        if self.node is None:
            return self
        node = ScalarNode(f"{_TAG}str", text, self.node.start_mark, self.node.end_mark)
        return Field(self.name, node, self.problems)

    def items(self, *, least: int = 1) -> list[Field]:
        """As a list of at least ``least`` values."""
        if not isinstance(self.node, SequenceNode):
            self.refuse(f"{self.name} is not a list", 'begin each line below it with "- "')
            return []
        if len(self.node.value) < least:
            self.refuse(f"{self.name} has fewer than {least} entries", "add what is missing")
        return [Field(self.name, node, self.problems) for node in self.node.value]

    def text(self, *, longest: int = MAX_TEXT) -> str:
        """As text of 1 to ``longest`` characters."""
        value = self._scalar("str", f"{self.name} is not text", "put it in quotes").strip()
        if self.node is not None and isinstance(self.node, ScalarNode):
            if not value and self.node.tag == f"{_TAG}str":
                self.refuse(f"{self.name} is empty", "write its text")
            if any(_is_invisible(letter) for letter in value):
                self.refuse(f"{self.name} has an invisible character", "write it anew")
            if len(value) > longest:
                self.refuse(f"{self.name} is longer than {longest} characters", "shorten it")
        return value

    def integer(self, low: int, high: int) -> int:
        """As a whole number from ``low`` to ``high``."""
        advice = f"write a whole number from {low} to {high}"
        value = self._scalar("int", f"{self.name} is not a whole number", advice)
        if not re.fullmatch(r"-?(?:0|[1-9][0-9]{0,8})", value):
            if value:
                self.refuse(f"{self.name} is not a whole number", advice)
            return low
        if not low <= int(value) <= high:
            self.refuse(f"{self.name} is {value}", advice)
        return int(value)

    def ratio(self) -> float:
        """As a number from 0 to 1."""
        advice = "write a number from 0 to 1, such as 0.7"
        node = self.node
        text = node.value if isinstance(node, ScalarNode) else ""
        if not re.fullmatch(r"(?:0|1|0?\.[0-9]{1,6}|1\.0{1,6})", text):
            self.refuse(f"{self.name} is not a number from 0 to 1", advice)
            return 0.0
        return float(text)

    def flag(self) -> bool:
        """As true or false."""
        value = self._scalar("bool", f"{self.name} is neither true nor false", "write true")
        if value not in {"true", "false", ""}:
            self.refuse(f"{self.name} is {value!r}", "write true or false, in small letters")
        return value == "true"

    def duration(self, low_ms: int, high_ms: int) -> int:
        """As milliseconds, written like ``20s``, ``1m30s``, ``500ms`` or ``7d``."""
        advice = f"write something like 20s or 1m30s, from {_long(low_ms)} to {_long(high_ms)}"
        text = self.node.value if isinstance(self.node, ScalarNode) else ""
        match = _DURATION.fullmatch(text) if text else None
        if not match:
            self.refuse(f"{self.name} is not a length of time", advice)
            return low_ms
        parts = zip(match.groups(), _UNITS_MS, strict=True)
        length = sum(round(float(part or 0) * unit) for part, unit in parts)
        if not low_ms <= length <= high_ms:
            self.refuse(f"{self.name} is {text}", advice)
        return length

    def choice(self, choices: type[Choice]) -> Choice:
        """As one of the words of ``choices``."""
        text = self.node.value if isinstance(self.node, ScalarNode) else ""
        if text not in list(choices):
            self.refuse(f"{self.name} is {text!r}", f"write one of {_listed(list(choices))}")
            return next(iter(choices))
        return choices(text)

    def canonical(self, *, without: Collection[str] = ()) -> str:
        """The same text for the same content, however it is laid out.

        Args:
            without: keys of the top block that are left out.
        """
        parts = _canonical(self.node)
        if isinstance(parts, dict):
            parts = {key: part for key, part in parts.items() if key not in without}
        return json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def _scalar(self, tag: str, what: str, advice: str) -> str:
        if not isinstance(self.node, ScalarNode) or self.node.tag != _TAG + tag:
            self.refuse(what, advice)
            return ""
        return str(self.node.value)


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping in the file."""

    field: Field
    parts: dict[str, Field]

    def get(self, key: str) -> Field | None:
        """The value, or ``None`` where it is not written."""
        return self.parts.get(key)

    def need(self, key: str, advice: str) -> Field:
        """The value; noted as a problem where it is not written."""
        if key in self.parts:
            return self.parts[key]
        if self.field.is_block:
            self.field.refuse(f"{self.field.name} has no {str(key)!r}", advice)
        return Field(key, None, self.field.problems)


def opened(content: bytes, problems: Problems) -> Field | None:
    """The top of one rule file, or ``None`` where it is no usable YAML (noted)."""
    if len(content) > MAX_BYTES:
        problems.add(1, f"larger than {MAX_BYTES // 1024} KB", "split it into several playbooks")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.add(line, "not UTF-8 text", "save the file as UTF-8")
        return None
    try:
        return _composed(text, problems)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "a character that text cannot have"
        line = mark.line + 1 if mark else 1
        problems.add(line, f"not YAML ({what})", _remedy(what))
        return None


_REMEDIES = {
    "mapping values are not allowed": "put a text that has a colon in it in quotes",
    "unknown escape": "write a pattern in single quotes: '...'",
    "found character '\\t'": "indent with spaces, not with tabs",
    "found undefined alias": "put a text that begins with * in quotes",
}


def _remedy(what: str) -> str:
    known = (advice for sign, advice in _REMEDIES.items() if sign in what)
    return next(known, "check the indentation and the quotes above")


def _composed(text: str, problems: Problems) -> Field | None:
    if _is_hostile(text, problems):
        return None
    node = yaml.compose(text, Loader=_LOADER)
    if node is None:
        problems.add(1, "the file is empty", "write a playbook or remove the file")
        return None
    return Field("the playbook", node, problems)


def _is_hostile(text: str, problems: Problems) -> bool:
    """Refuse what makes YAML dangerous or unreadable, before a tree is built of it."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        tag = getattr(event, "tag", None)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if getattr(event, "anchor", None):
            problems.add(line, "an anchor or alias (& or *)", "write the text out, or quote it")
            return True
        if tag:
            problems.add(line, f"a tag ({tag})", "remove the tag, or quote the text")
            return True
        if depth > MAX_DEPTH:
            problems.add(line, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
            return True
        if documents > 1:
            problems.add(line, "a second document (---)", "put each playbook in its own file")
            return True
    return False


def _canonical(node: Node | None) -> object:
    if isinstance(node, MappingNode):
        return {str(key.value): _canonical(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_canonical(item) for item in node.value]
    return [node.tag, node.value] if isinstance(node, ScalarNode) else None


def _long(length_ms: int) -> str:
    return f"{length_ms // 86_400_000}d" if length_ms >= 86_400_000 else f"{length_ms / 1000:g}s"  # noqa: PLR2004


def _is_invisible(letter: str) -> bool:
    """Control characters, and what changes a text's direction or has no width."""
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co"} and letter not in _JOINERS


_JOINERS = "\n\t\u200c\u200d"
"""Line breaks, and what ties the parts of an emoji together."""


def _meant(key: str, allowed: Collection[str]) -> str:
    close = difflib.get_close_matches(key, allowed, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {_listed(allowed)}"


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
