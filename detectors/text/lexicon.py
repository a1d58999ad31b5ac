"""The emotion lexicon (감정 사전): readable word lists that name topics and give reasons.

One file per language, `lexicon/<language>.txt`, which trainers extend:

    [topic cancellation]        a section: topic or emotion, and its name
    해지하                       a phrase; case and, in Korean, spaces do not matter
    cancel*                     an English word with any ending (Korean endings are always free)
    ~씨발                        found inside words as well, not only at the start of one
    /죽(고|어) ?싶/              a regular expression
    ! 배고파 죽                  a false friend: a hit that overlaps it does not count
    # a remark
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.detector import DetectorUnavailableError
from detectors.labels import Emotion, Topic
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "lexicon"


class LexiconError(DetectorUnavailableError):
    """A word list cannot be read; names every bad line as file:line."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A topic, and the very words of the line that it was found by."""

    topic: Topic
    words: str


@dataclass(slots=True)
class _Section:
    patterns: list[str] = field(default_factory=list)
    friends: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Words:
    """What one section looks for, and what only looks like it."""

    wanted: re.Pattern[str]
    friends: re.Pattern[str]

    def found(self, line: str) -> Iterator[str]:
        """Give the matching words of a line, as they stand there."""
        # Patterns are lower case: matching without case is several times as slow.
        folded = line.lower()
        folded = folded if len(folded) == len(line) else line
        found = [match.span() for match in self.wanted.finditer(folded)]
        # Few lines have any; only those are searched for friends.
        excused = [match.span() for match in self.friends.finditer(folded)] if found else []
        for start, end in found:
            if not any(first < end and start < last for first, last in excused):
                yield line[start:end].strip()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's word lists.

    Attributes:
        digest: changes with the file's content.
    """

    language: Language
    by_topic: Mapping[Topic, Words]
    by_emotion: Mapping[Emotion, Words]
    digest: str

    def topics(self, line: str) -> list[Hit]:
        """Find what a line (as `normalising.said` gives it) is about."""
        return [
            Hit(topic, words)
            for topic, list_ in self.by_topic.items()
            for words in list_.found(line)
        ]

    def felt(self, line: str, emotion: Emotion) -> list[str]:
        """Find the words of a line that express this emotion."""
        words = self.by_emotion.get(emotion)
        return list(words.found(line)) if words else []


def lexicon(language: Language, folder: Path = FOLDER) -> Lexicon:
    """Read a language's file.

    Raises:
        LexiconError: it is missing, is not UTF-8, or has lines that mean nothing.
    """
    path = folder / f"{language}.txt"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: {error.strerror if isinstance(error, OSError) else 'not UTF-8'}"
        raise LexiconError(message) from error
    sections = _sections(path, text, language)
    compiled = {key: _compiled(section) for key, section in sections.items()}
    return Lexicon(
        language=language,
        by_topic={
            Topic(name): words for (kind, name), words in compiled.items() if kind == "topic"
        },
        by_emotion={
            Emotion(name): words for (kind, name), words in compiled.items() if kind == "emotion"
        },
        digest=hashlib.sha256(text.encode()).hexdigest()[:4],
    )


def _sections(path: Path, text: str, language: Language) -> dict[tuple[str, str], _Section]:
    sections: dict[tuple[str, str], _Section] = {}
    current: _Section | None = None
    problems: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line.startswith("["):
                current = sections.setdefault(_heading(line), _Section())
            else:
                _add(current, line, language)
        except ValueError as error:
            problems.append(f"{path}:{number}: {error}")
    if problems:
        raise LexiconError("\n".join(problems))
    return sections


def _heading(line: str) -> tuple[str, str]:
    kind, _, name = line.strip("[]").partition(" ")
    known = {"topic": Topic, "emotion": Emotion}.get(kind)
    if known is None or name not in {str(each) for each in known}:
        message = f"{line} is no section; write [topic <name>] or [emotion <name>]"
        raise ValueError(message)
    return kind, name


def _add(section: _Section | None, line: str, language: Language) -> None:
    if section is None:
        message = "a phrase before any [section]"
        raise ValueError(message)
    if line.startswith("!"):
        section.friends.append(_pattern(line[1:].strip(), language))
    else:
        section.patterns.append(_pattern(line, language))


def _pattern(phrase: str, language: Language) -> str:
    if phrase.startswith("/") and phrase.endswith("/") and len(phrase) > len("//"):
        try:
            re.compile(phrase[1:-1])
        except re.error as error:
            message = f"{phrase} is not a regular expression: {error}"
            raise ValueError(message) from error
        return f"(?:{phrase[1:-1]})"
    inside = phrase.startswith("~")
    phrase = phrase.lstrip("~").lower()
    if not phrase.strip("* "):
        message = "an empty phrase would match everything"
        raise ValueError(message)
    if language is Language.KOREAN:
        # People and recognisers put Korean spaces anywhere; particles and endings follow.
        letters = [re.escape(letter) for letter in phrase if letter != " "]
        return r"\s?".join([_first(letters[0], inside=inside), *letters[1:]])
    first, *others = phrase.split()
    words = [
        _first(re.escape(first[0]), inside=inside or first[0] == "*") + _letters(first[1:]),
        *map(_letters, others),
    ]
    return r"\s+".join(words) + ("" if inside else r"(?!\w)")


def _first(letter: str, *, inside: bool) -> str:
    """A phrase's first letter, at the start of a word unless it may stand ``inside`` of one.

    The letter comes before what must not be before it: hundreds of phrases are then told apart by
    one comparison each, which takes a third of the time.
    """
    return letter if inside else rf"{letter}(?<!\w{letter})"


def _letters(word: str) -> str:
    return re.escape(word).replace(r"\*", r"\w*")


def _compiled(section: _Section) -> Words:
    never = r"(?!)"
    return Words(
        wanted=re.compile("|".join(section.patterns) or never),
        friends=re.compile("|".join(section.friends) or never),
    )
