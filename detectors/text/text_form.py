"""A form of a line in which it is searched, with the place of each character in the original."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence


class _Edit(NamedTuple):
    """``text[start:end]`` of a form became ``length`` characters of the next one."""

    start: int
    end: int
    length: int


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """A line in a form in which it is searched, and where each character of it was written.

    Attributes:
        original: the line as written.
        text: the form that is searched.
        places: of each character of ``text``, where in ``original`` it begins, and where it ends.
            Neither ever falls from one character to the next. ``None``: made when they are asked
            for, because nothing is found in most lines.
    """

    original: str
    text: str
    places: tuple[Sequence[int], Sequence[int]] | None = field(repr=False, compare=False)
    _source: NormalisedText | None = field(default=None, repr=False, compare=False)
    _edits: Sequence[_Edit] = field(default=(), repr=False, compare=False)

    @property
    def starts(self) -> Sequence[int]:
        """Where each character begins in the original."""
        return self._find_places()[0]

    @property
    def ends(self) -> Sequence[int]:
        """The place behind each character in the original."""
        return self._find_places()[1]

    def quote(self, start: int, end: int) -> str:
        """What was written where ``text[start:end]`` is, character for character."""
        first, last = self.locate(start, end)
        return self.original[first:last]

    def locate(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]`` is in the original, which is at least one character."""
        return self.starts[start], self.ends[end - 1]

    def cover(self, start: int, end: int) -> tuple[int, int]:
        """Which characters of ``text`` were written in ``original[start:end]``, or in part."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def replace(
        self, pattern: re.Pattern[str], replacement: str | Callable[[re.Match[str]], str]
    ) -> NormalisedText:
        """Another form: every match replaced; what replaces it stands where all of it stood."""
        edits: list[_Edit] = []

        def edit(match: re.Match[str]) -> str:
            old = match.group()
            new = replacement if isinstance(replacement, str) else replacement(match)
            if old and new != old:
                edits.append(_Edit(match.start(), match.end(), len(new)))
            return new if old else ""

        text = pattern.sub(edit, self.text)
        return NormalisedText(self.original, text, None, self, edits) if edits else self

    def strip(self) -> NormalisedText:
        """Without spaces at either end."""
        text = self.text.strip(" ")
        start = len(self.text) - len(self.text.lstrip(" "))
        end = start + len(text)
        if text == self.text:
            return self
        outer = [_Edit(0, start, 0), _Edit(end, len(self.text), 0)]
        return NormalisedText(self.original, text, None, self, outer)

    def _find_places(self) -> tuple[Sequence[int], Sequence[int]]:
        if self.places is None:
            object.__setattr__(self, "places", self._edit_places())
        return self.places or ((), ())

    def _edit_places(self) -> tuple[Sequence[int], Sequence[int]]:
        starts, ends = (self._source.starts, self._source.ends) if self._source else ((), ())
        new_starts: list[int] = []
        new_ends: list[int] = []
        last = 0
        for start, end, length in self._edits:
            new_starts += starts[last:start]
            new_ends += ends[last:start]
            if length:
                new_starts += [starts[start]] * length
                new_ends += [ends[end - 1]] * length
            last = end
        return [*new_starts, *starts[last:]], [*new_ends, *ends[last:]]
