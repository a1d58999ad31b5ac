"""Reading a rule file's YAML with every problem at its line, all of them at once.

Nothing is turned into Python objects: only the node tree is looked at, so that every value
keeps its place and a file cannot run anything. An accessor that finds something wrong notes it
and answers with a harmless value; whoever asked throws the result away if `FileProblems` has any.
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
class FileProblems:
    """What is wrong with one file."""

    name: str
    entries: list[tuple[int, str]] = field(default_factory=list)
    overflow_count: int = 0

    def add(self, line: int, what: str, advice: str) -> None:
        """Note one; ``line`` counts from 1. Beyond `MAX_PROBLEMS` they are only counted."""
        if len(self.entries) < MAX_PROBLEMS:
            self.entries.append((line, f"{self.name}:{line}: {what}; {advice}"))
        else:
            self.overflow_count += 1

    def lines(self) -> list[str]:
        """``file:line: what; what to do``, top to bottom, each once."""
        messages = list(dict.fromkeys(text for _, text in sorted(self.entries)))
        overflow = f"{self.name}:1: {self.overflow_count} problems more; mend these first"
        return [*messages, overflow] if self.overflow_count else messages


@dataclass(frozen=True, slots=True)
class YamlField:
    """One value in the file. ``node`` is ``None`` where a required key is missing."""

    name: str
    node: Node | None
    problems: FileProblems

    @property
    def line(self) -> int:
        """Where it starts, from 1."""
        return self.node.start_mark.line + 1 if self.node else 1

    def add_problem(self, what: str, advice: str) -> None:
        """Note a problem here, unless the missing key was noted already."""
        if self.node is not None:
            self.problems.add(self.line, what, advice)

    def block(
        self, allowed: Collection[str], *, hints: Mapping[str, str] | None = None
    ) -> YamlBlock:
        """As a mapping whose keys are ``allowed``, each at most once.

        Args:
            allowed: the keys it may have.
            hints: keys that people write here, and what to do with them.
        """
        if not isinstance(self.node, MappingNode):
            self.add_problem(
                f"{self.name} is not a block", f"write {_join_names(allowed)} below it"
            )
            return YamlBlock(self, {})
        fields: dict[str, YamlField] = {}
        for key_node, value in self.node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else "(a block)"
            key_field = YamlField(key, key_node, self.problems)
            if key in fields:
                key_field.add_problem(f"{key!r} is written twice", "keep one of them")
            elif key not in allowed:
                advice = (hints or {}).get(key) or _suggest_key(key, allowed)
                key_field.add_problem(f"unknown key {key!r}", advice)
            else:
                fields[key] = YamlField(key, value, self.problems)
        return YamlBlock(self, fields)

    @property
    def is_block(self) -> bool:
        """It is a mapping."""
        return isinstance(self.node, MappingNode)

    @property
    def is_list(self) -> bool:
        """It is a list."""
        return isinstance(self.node, SequenceNode)

    def subfield(self, text: str) -> YamlField:
        """A piece of this text as a value of its own, at the same place."""
        if self.node is None:
            return self
        node = ScalarNode(f"{_TAG}str", text, self.node.start_mark, self.node.end_mark)
        return YamlField(self.name, node, self.problems)

    def items(self, *, min_items: int = 1) -> list[YamlField]:
        """As a list of at least ``min_items`` values."""
        if not isinstance(self.node, SequenceNode):
            self.add_problem(f"{self.name} is not a list", 'begin each line below it with "- "')
            return []
        if len(self.node.value) < min_items:
            self.add_problem(
                f"{self.name} has fewer than {min_items} entries", "add what is missing"
            )
        return [YamlField(self.name, node, self.problems) for node in self.node.value]

    def text(self, *, max_length: int = MAX_TEXT) -> str:
        """As text of 1 to ``max_length`` characters."""
        value = self._scalar("str", f"{self.name} is not text", "put it in quotes").strip()
        if self.node is not None and isinstance(self.node, ScalarNode):
            if not value and self.node.tag == f"{_TAG}str":
                self.add_problem(f"{self.name} is empty", "write its text")
            if any(_is_invisible(letter) for letter in value):
                self.add_problem(f"{self.name} has an invisible character", "write it anew")
            if len(value) > max_length:
                self.add_problem(
                    f"{self.name} is longer than {max_length} characters", "shorten it"
                )
        return value

    def integer(self, low: int, high: int) -> int:
        """As a whole number from ``low`` to ``high``."""
        advice = f"write a whole number from {low} to {high}"
        value = self._scalar("int", f"{self.name} is not a whole number", advice)
        if not re.fullmatch(r"-?(?:0|[1-9][0-9]{0,8})", value):
            if value:
                self.add_problem(f"{self.name} is not a whole number", advice)
            return low
        if not low <= int(value) <= high:
            self.add_problem(f"{self.name} is {value}", advice)
        return int(value)

    def ratio(self) -> float:
        """As a number from 0 to 1."""
        advice = "write a number from 0 to 1, such as 0.7"
        node = self.node
        text = node.value if isinstance(node, ScalarNode) else ""
        if not re.fullmatch(r"(?:0|1|0?\.[0-9]{1,6}|1\.0{1,6})", text):
            self.add_problem(f"{self.name} is not a number from 0 to 1", advice)
            return 0.0
        return float(text)

    def flag(self) -> bool:
        """As true or false."""
        value = self._scalar("bool", f"{self.name} is neither true nor false", "write true")
        if value not in {"true", "false", ""}:
            self.add_problem(f"{self.name} is {value!r}", "write true or false, in small letters")
        return value == "true"

    def duration(self, low_ms: int, high_ms: int) -> int:
        """As milliseconds, written like ``20s``, ``1m30s``, ``500ms`` or ``7d``."""
        low, high = _format_duration(low_ms), _format_duration(high_ms)
        advice = f"write something like 20s or 1m30s, from {low} to {high}"
        text = self.node.value if isinstance(self.node, ScalarNode) else ""
        match = _DURATION.fullmatch(text) if text else None
        if not match:
            self.add_problem(f"{self.name} is not a length of time", advice)
            return low_ms
        parts = zip(match.groups(), _UNITS_MS, strict=True)
        length = sum(round(float(part or 0) * unit) for part, unit in parts)
        if not low_ms <= length <= high_ms:
            self.add_problem(f"{self.name} is {text}", advice)
        return length

    def choice(self, choices: type[Choice]) -> Choice:
        """As one of the words of ``choices``."""
        text = self.node.value if isinstance(self.node, ScalarNode) else ""
        if text not in list(choices):
            self.add_problem(
                f"{self.name} is {text!r}", f"write one of {_join_names(list(choices))}"
            )
            return next(iter(choices))
        return choices(text)

    def to_canonical_json(self, *, exclude: Collection[str] = ()) -> str:
        """The same text for the same content, however it is laid out.

        Args:
            exclude: keys of the top block that are left out.
        """
        parts = _to_canonical(self.node)
        if isinstance(parts, dict):
            parts = {key: part for key, part in parts.items() if key not in exclude}
        return json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def _scalar(self, tag: str, what: str, advice: str) -> str:
        if not isinstance(self.node, ScalarNode) or self.node.tag != _TAG + tag:
            self.add_problem(what, advice)
            return ""
        return str(self.node.value)


@dataclass(frozen=True, slots=True)
class YamlBlock:
    """A mapping in the file."""

    field: YamlField
    fields: dict[str, YamlField]

    def get(self, key: str) -> YamlField | None:
        """The value, or ``None`` where it is not written."""
        return self.fields.get(key)

    def require(self, key: str, advice: str) -> YamlField:
        """The value; noted as a problem where it is not written."""
        if key in self.fields:
            return self.fields[key]
        if self.field.is_block:
            self.field.add_problem(f"{self.field.name} has no {str(key)!r}", advice)
        return YamlField(key, None, self.field.problems)


def parse_yaml(content: bytes, problems: FileProblems) -> YamlField | None:
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
        return _compose_yaml(text, problems)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "a character that text cannot have"
        line = mark.line + 1 if mark else 1
        problems.add(line, f"not YAML ({what})", _find_remedy(what))
        return None


_REMEDIES = {
    "mapping values are not allowed": "put a text that has a colon in it in quotes",
    "unknown escape": "write a pattern in single quotes: '...'",
    "found character '\\t'": "indent with spaces, not with tabs",
    "found undefined alias": "put a text that begins with * in quotes",
}


def _find_remedy(what: str) -> str:
    remedies = (advice for pattern, advice in _REMEDIES.items() if pattern in what)
    return next(remedies, "check the indentation and the quotes above")


def _compose_yaml(text: str, problems: FileProblems) -> YamlField | None:
    if _is_unsafe(text, problems):
        return None
    node = yaml.compose(text, Loader=_LOADER)
    if node is None:
        problems.add(1, "the file is empty", "write a playbook or remove the file")
        return None
    return YamlField("the playbook", node, problems)


def _is_unsafe(text: str, problems: FileProblems) -> bool:
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


def _to_canonical(node: Node | None) -> object:
    if isinstance(node, MappingNode):
        return {str(key.value): _to_canonical(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_to_canonical(item) for item in node.value]
    return [node.tag, node.value] if isinstance(node, ScalarNode) else None


def _format_duration(length_ms: int) -> str:
    return f"{length_ms // 86_400_000}d" if length_ms >= 86_400_000 else f"{length_ms / 1000:g}s"  # noqa: PLR2004


def _is_invisible(letter: str) -> bool:
    """Control characters, and what changes a text's direction or has no width."""
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co"} and letter not in _JOINERS


_JOINERS = "\n\t\u200c\u200d"
"""Line breaks, and what ties the parts of an emoji together."""


def _suggest_key(key: str, allowed: Collection[str]) -> str:
    close_matches = difflib.get_close_matches(key, allowed, n=1)
    return (
        f"did you mean {close_matches[0]!r}?"
        if close_matches
        else f"known here: {_join_names(allowed)}"
    )


def _join_names(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
