"""Which of very many expressions are in a line: one look of `re2.Filter` for all of them.

What `re2.Filter` does not say by itself, and this does (docs/decisions/0032):

- an expression that is added after `Compile` is never found, `Match` before it is an error: a
  filter here is complete and compiled once it exists, and never changes;
- an empty filter is refused by some of its parts and not by others: here it finds nothing;
- all its literals share 8 MB that cannot be raised; near them it forgets its automaton again and
  again (20 times slower), beyond them `Compile` fails: long lists are shared out over several.

A look takes microseconds, changes nothing that can be seen, and may be taken in any thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_FILTER_BYTES = 40_000
"""Of the expressions of one filter: a third of what its automaton has room for."""


@dataclass(frozen=True, slots=True)
class PhraseFilter:
    """Expressions that are looked for together.

    Attributes:
        expressions: RE2 expressions, each of which compiles.
        options: of all of them.
    """

    expressions: tuple[str, ...]
    options: re2.Options | None = None
    _shards: tuple[tuple[int, re2.Filter], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        shards, start = [], 0
        for shard in _split_by_size(self.expressions):
            shards.append((start, _compile_filter(shard, self.options)))
            start += len(shard)
        object.__setattr__(self, "_shards", tuple(shards))

    def match(self, text: str | bytes) -> list[int]:
        """The positions in `expressions` of those that are in ``text``, ascending."""
        return [
            start + index
            for start, shard in self._shards
            for index in sorted(shard.Match(text) or ())
        ]


def _compile_filter(expressions: Sequence[str], options: re2.Options | None) -> re2.Filter:
    compiled = re2.Filter()
    for expression in expressions:
        compiled.Add(expression, options)
    compiled.Compile()
    return compiled


def _split_by_size(expressions: Sequence[str]) -> Iterator[Sequence[str]]:
    start, size = 0, 0
    for index, expression in enumerate(expressions):
        expression_size = len(expression.encode())
        if size and size + expression_size > MAX_FILTER_BYTES:
            yield expressions[start:index]
            start, size = index, 0
        size += expression_size
    if expressions[start:]:
        yield expressions[start:]
