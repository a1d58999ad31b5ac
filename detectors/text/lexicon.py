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
class TopicMatch:
    """A topic, and the very words of the line that it was found by."""

    topic: Topic
    words: str


@dataclass(slots=True)
class _Section:
    patterns: list[str] = field(default_factory=list)
    exclusions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LexiconMatcher:
    """What one section looks for, and what only looks like it."""

    phrases: re.Pattern[str]
    exclusions: re.Pattern[str]

    def find(self, line: str) -> Iterator[str]:
        """Find the phrases in a line, without those that overlap an exclusion, as written there."""
        # Patterns are lower case: matching without case is several times as slow.
        folded = line.lower()
        folded = folded if len(folded) == len(line) else line
        spans = [match.span() for match in self.phrases.finditer(folded)]
        # Few lines have any; only those are searched for friends.
        excluded = [match.span() for match in self.exclusions.finditer(folded)] if spans else []
        for start, end in spans:
            if not any(first < end and start < last for first, last in excluded):
                yield line[start:end].strip()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's word lists.

    Attributes:
        digest: changes with the file's content.
    """

    language: Language
    by_topic: Mapping[Topic, LexiconMatcher]
    by_emotion: Mapping[Emotion, LexiconMatcher]
    digest: str

    def find_topics(self, line: str) -> list[TopicMatch]:
        """Find the topics of a line by this language's phrases.

        Args:
            line: as `normalising.clean_text` gives it.

        Returns:
            One match per phrase found, with the words of the line; a topic may occur several times.
        """
        return [
            TopicMatch(topic, words)
            for topic, matcher in self.by_topic.items()
            for words in matcher.find(line)
        ]

    def find_emotion_words(self, line: str, emotion: Emotion) -> list[str]:
        """Find the words of a line that express an emotion.

        Args:
            line: as `normalising.clean_text` gives it.
            emotion: the one to look for.

        Returns:
            The words as written in the line; empty for an emotion without a list.
        """
        matcher = self.by_emotion.get(emotion)
        return list(matcher.find(line)) if matcher else []


def load_lexicon(language: Language, folder: Path = FOLDER) -> Lexicon:
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
    sections = _parse_sections(path, text, language)
    compiled = {key: _compile_section(section) for key, section in sections.items()}
    return Lexicon(
        language=language,
        by_topic={
            Topic(name): matcher for (kind, name), matcher in compiled.items() if kind == "topic"
        },
        by_emotion={
            Emotion(name): matcher
            for (kind, name), matcher in compiled.items()
            if kind == "emotion"
        },
        digest=hashlib.sha256(text.encode()).hexdigest()[:4],
    )


def _parse_sections(path: Path, text: str, language: Language) -> dict[tuple[str, str], _Section]:
    sections: dict[tuple[str, str], _Section] = {}
    current: _Section | None = None
    problems: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line.startswith("["):
                current = sections.setdefault(_parse_heading(line), _Section())
            else:
                _add_phrase(current, line, language)
        except ValueError as error:
            problems.append(f"{path}:{number}: {error}")
    if problems:
        raise LexiconError("\n".join(problems))
    return sections


def _parse_heading(line: str) -> tuple[str, str]:
    kind, _, name = line.strip("[]").partition(" ")
    enum = {"topic": Topic, "emotion": Emotion}.get(kind)
    if enum is None or name not in {str(member) for member in enum}:
        message = f"{line} is no section; write [topic <name>] or [emotion <name>]"
        raise ValueError(message)
    return kind, name


def _add_phrase(section: _Section | None, line: str, language: Language) -> None:
    if section is None:
        message = "a phrase before any [section]"
        raise ValueError(message)
    if line.startswith("!"):
        section.exclusions.append(_phrase_pattern(line[1:].strip(), language))
    else:
        section.patterns.append(_phrase_pattern(line, language))


def _phrase_pattern(phrase: str, language: Language) -> str:
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
        return r"\s?".join([_first_letter_pattern(letters[0], inside=inside), *letters[1:]])
    first, *others = phrase.split()
    words = [
        _first_letter_pattern(re.escape(first[0]), inside=inside or first[0] == "*")
        + _word_pattern(first[1:]),
        *map(_word_pattern, others),
    ]
    return r"\s+".join(words) + ("" if inside else r"(?!\w)")


def _first_letter_pattern(letter: str, *, inside: bool) -> str:
    """A phrase's first letter, at the start of a word unless it may stand ``inside`` of one.

    The letter comes before what must not be before it: hundreds of phrases are then told apart by
    one comparison each, which takes a third of the time.
    """
    return letter if inside else rf"{letter}(?<!\w{letter})"


def _word_pattern(word: str) -> str:
    return re.escape(word).replace(r"\*", r"\w*")


def _compile_section(section: _Section) -> LexiconMatcher:
    match_nothing = r"(?!)"
    return LexiconMatcher(
        phrases=re.compile("|".join(section.patterns) or match_nothing),
        exclusions=re.compile("|".join(section.exclusions) or match_nothing),
    )
