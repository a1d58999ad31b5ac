"""Regular expressions in rule files, run by RE2: in time that grows with the line and no faster.

RE2 has neither look-around nor back-references, which is why it can promise that. A repetition
inside a repetition, which makes other engines search for ever, is refused all the same: it finds
nothing that the single one does not, and rules are also copied into other systems.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PATTERN = 200
MAX_MEMORY = 1 << 20
"""Bytes that one expression may take, its search included."""

MAX_SIZE = 1_000
"""Instructions of one expression: with more, RE2's memory does not reach, and a long line costs
tens of milliseconds. ``\\d{3,4}-\\d{4}`` has 14, ``.{0,50}`` some 450."""

MAX_PATTERNS = 20
"""Of one ``said``."""

PATTERN_OPTIONS = re2.Options()
PATTERN_OPTIONS.log_errors = False
PATTERN_OPTIONS.case_sensitive = False
PATTERN_OPTIONS.max_mem = MAX_MEMORY
"""Never changed: what every pattern is compiled with."""

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,\d*\}|.", re.DOTALL)


class PatternError(ValueError):
    """The expression cannot be used. The message says what to write instead."""


@lru_cache(maxsize=1_024)
def compile_pattern(pattern: str) -> re2._Regexp:
    """The expression, ready for lines as `detectors.text.normalising.normalise` gives them.

    Raises:
        PatternError: it is too long, no RE2, repeats a repetition, or matches nothing at all.
    """
    if len(pattern) > MAX_PATTERN:
        message = f"is longer than {MAX_PATTERN} characters; write several shorter ones"
        raise PatternError(message)
    if _has_nested_repetition(pattern):
        message = "repeats a repetition, which can search for ever; repeat once, as in (ab)+"
        raise PatternError(message)
    try:
        expression = re2.compile(pattern, PATTERN_OPTIONS)
    except re2.error as error:
        raise PatternError(_describe_error(error)) from None
    if expression.programsize > MAX_SIZE:
        message = f"counts too far (size {expression.programsize} of {MAX_SIZE}); count less"
        raise PatternError(message)
    if expression.search("") is not None:
        message = "is found in every line; leave out what may be missing altogether"
        raise PatternError(message)
    return expression


def _describe_error(error: Exception) -> str:
    reason = error.args[0] if error.args else b""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    advice = "look-around and back-references do not exist here" if "(?" in text else "correct it"
    return f"is no RE2 expression ({text}); {advice}"


def _has_nested_repetition(pattern: str) -> bool:
    """Whether a group that can repeat without end is repeated without end itself."""
    has_repetition = [False]
    is_repeatable = False
    for symbol in _tokenize(pattern):
        if symbol == "(":
            has_repetition.append(False)
        elif symbol == ")" and len(has_repetition) > 1:
            is_repeatable = has_repetition.pop()
            has_repetition[-1] |= is_repeatable
            continue
        elif symbol in {"*", "+"} or re.fullmatch(r"\{\d+,\}", symbol):
            if is_repeatable:
                return True
            has_repetition[-1] = True
        is_repeatable = False
    return False


def _tokenize(pattern: str) -> Iterator[str]:
    return (match.group() for match in _TOKEN.finditer(pattern))
