"""The emotion lexicon (감정 사전): readable word lists that name topics and give reasons.

One file per language, `lexicon/<language>.txt`, which trainers extend:

    [topic cancellation]        a section: topic or emotion, and its name
    해지하                       a phrase; case and, in Korean, spaces do not matter
    cancel*                     an English word with any ending (Korean endings are always free)
    ~씨발                        found inside words as well, not only at the start of one
    /죽(고|어) ?싶/              a regular expression
    ! 배고파 죽                  a false friend: a hit that overlaps it does not count
    # a remark

Topics are looked for in the words of a line without its punctuation, and without disguises
(`detectors.text.disguises`); emotions in the line as it is punctuated. Both are normalised first
(`detectors.text.normalising`), and quoted as they were written. Between the words of a Korean
phrase particles may come and go, and an apostrophe may be missing.

Beside it, `lexicon/<language>.disguises.txt` lists what recognisers write for an oath (``f***``,
``[욕설]``) and oaths in disguise (ㅅㅂ, 쉬발, tlqkf): they are looked for in the line as it is
punctuated as well, and name their topic as any other phrase.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from detectors.detector import DetectorUnavailableError
from detectors.labels import Emotion, Topic
from detectors.reading import TopicMatch
from detectors.text.disguises import find_forms
from detectors.text.normalising import normalise
from detectors.text.phrase_variants import loosen_apostrophes, spell_english, spell_korean
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from detectors.text.text_form import NormalisedText

CONTEXT_CHARACTERS = 30
"""Of a line on either side of a topic's words: about a sentence, enough to know a false friend."""

_Name = TypeVar("_Name", Topic, Emotion)

FOLDER = Path(__file__).parent / "lexicon"


class LexiconError(DetectorUnavailableError):
    """A word list cannot be read; names every bad line as file:line."""


@dataclass(slots=True)
class _Section:
    patterns: list[str] = field(default_factory=list)
    exclusions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LexiconMatcher:
    """What one section looks for, and what only looks like it."""

    phrases: re.Pattern[str]
    exclusions: re.Pattern[str]

    def find(self, forms: Iterable[NormalisedText]) -> Iterator[tuple[int, int]]:
        """Find the phrases in the forms of one line, without those that overlap an exclusion.

        Yields:
            Where they are in the line as it was written, each place once.
        """
        forms = tuple(forms)
        places = [
            form.locate(*match.span())
            for form in forms
            for match in self.phrases.finditer(form.text)
            if match.group()
        ]
        # Few lines have any; only those are searched for friends.
        excluded = [
            form.locate(*match.span())
            for form in (forms if places else ())
            for match in self.exclusions.finditer(form.text)
            if match.group()
        ]
        shown: list[tuple[int, int]] = []
        for start, end in places:
            if not any(first < end and start < last for first, last in (*excluded, *shown)):
                shown.append((start, end))
                yield start, end


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's word lists.

    Attributes:
        digest: changes with the file's content.
    """

    language: Language
    by_topic: Mapping[Topic, LexiconMatcher]
    by_emotion: Mapping[Emotion, LexiconMatcher]
    disguises: Mapping[Topic, LexiconMatcher]
    digest: str

    def find_topics(self, line: str) -> list[TopicMatch]:
        """Find the topics of a line by this language's phrases.

        Args:
            line: as it was written.

        Returns:
            One match per phrase found, with the words of the line; a topic may occur several times.
        """
        punctuated, forms = normalise(line), find_forms(line)
        searches = ((self.by_topic, forms), (self.disguises, (punctuated, *forms)))
        return [
            TopicMatch(topic, line[start:end].strip(), _cut_context(line, start, end))
            for matchers, searched in searches
            for topic, matcher in matchers.items()
            for start, end in matcher.find(searched)
        ]

    def find_emotion_words(self, line: str, emotion: Emotion) -> list[str]:
        """Find the words of a line that express an emotion.

        Args:
            line: as it was written.
            emotion: the one to look for.

        Returns:
            The words as written in the line; empty for an emotion without a list.
        """
        matcher = self.by_emotion.get(emotion)
        places = matcher.find([normalise(line)]) if matcher else ()
        return [line[start:end].strip() for start, end in places]


def _cut_context(line: str, start: int, end: int) -> str:
    """The words with those around them, none of them cut through."""
    first, last = max(0, start - CONTEXT_CHARACTERS), min(len(line), end + CONTEXT_CHARACTERS)
    before, after = line[first:start], line[end:last]
    if first > 0:
        before = before.partition(" ")[2]
    if last < len(line):
        after = after.rpartition(" ")[0]
    return f"{before}{line[start:end]}{after}".strip()


def load_lexicon(language: Language, folder: Path = FOLDER) -> Lexicon:
    """Read a language's files; that of disguises may be missing.

    Raises:
        LexiconError: one is missing, is not UTF-8, or has lines that mean nothing.
    """
    lists, disguises = folder / f"{language}.txt", folder / f"{language}.disguises.txt"
    text, disguise_text = _read_file(lists), _read_file(disguises) if disguises.exists() else ""
    compiled = _compile_sections(lists, text, language)
    return Lexicon(
        language=language,
        by_topic=_select(compiled, Topic),
        by_emotion=_select(compiled, Emotion),
        disguises=_select(_compile_sections(disguises, disguise_text, language), Topic),
        digest=hashlib.sha256((text + disguise_text).encode()).hexdigest()[:4],
    )


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: {error.strerror if isinstance(error, OSError) else 'not UTF-8'}"
        raise LexiconError(message) from error


def _compile_sections(
    path: Path, text: str, language: Language
) -> dict[tuple[str, str], LexiconMatcher]:
    sections = _parse_sections(path, text, language)
    return {key: _compile_section(section) for key, section in sections.items()}


def _select(
    compiled: Mapping[tuple[str, str], LexiconMatcher], names: type[_Name]
) -> dict[_Name, LexiconMatcher]:
    """The sections of one kind, by name."""
    return {
        names(name): matcher
        for (kind, name), matcher in compiled.items()
        if kind == names.__name__.lower()
    }


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
        return f"(?:{loosen_apostrophes(phrase[1:-1])})"
    inside = phrase.startswith("~")
    phrase = phrase.lstrip("~").lower()
    if not phrase.strip("* "):
        message = "an empty phrase would match everything"
        raise ValueError(message)
    if language is Language.KOREAN:
        # People and recognisers put Korean spaces anywhere; particles and endings follow.
        words = spell_korean(phrase, r"\s?")
        return words if inside else _begin_word(words, phrase[0])
    words = r"\w*".join(spell_english(part, r"[\s-]+") for part in phrase.split("*"))
    if inside:
        return words
    return (words if phrase[0] == "*" else _begin_word(words, phrase[0])) + r"(?!\w)"


def _begin_word(words: str, letter: str) -> str:
    """An expression whose first letter is at the start of a word.

    The letter comes before what must not be before it: hundreds of phrases are then told apart by
    one comparison each, which takes a third of the time.
    """
    letter = re.escape(letter)
    if not words.startswith(letter):
        return rf"(?<!\w){words}"
    return rf"{letter}(?<!\w{letter}){words.removeprefix(letter)}"


def _compile_section(section: _Section) -> LexiconMatcher:
    match_nothing = r"(?!)"
    return LexiconMatcher(
        phrases=re.compile("|".join(section.patterns) or match_nothing),
        exclusions=re.compile("|".join(section.exclusions) or match_nothing),
    )
