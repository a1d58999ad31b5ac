"""Somebody says something: which words, of whom, written in which way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from detectors.utterance import Language, Speaker, TranscriptLine
from playbooks.conditions.condition import parse_within
from playbooks.conditions.event_condition import EventCondition
from playbooks.conditions.phrase_mutations import reduce_phrases
from playbooks.conditions.schema_parts import (
    DURATION,
    block_schema,
    choice_schema,
    list_schema,
    phrases_schema,
)
from playbooks.events import EventKind
from playbooks.reason import Reason
from playbooks.text.line_news import find_new_words
from playbooks.text.line_pieces import join_neighbours, join_pieces
from playbooks.text.patterns import MAX_PATTERN, MAX_PATTERNS, PatternError, compile_pattern
from playbooks.text.phrases import Phrases, extract_letters
from playbooks.text.word_lists import LANGUAGES, merge_phrases, parse_exclusions, parse_phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playbooks.conditions.condition import Mutation, ParseContext, Texts
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import ConditionHit
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event
    from playbooks.text.word_lists import WordList, WordLists
    from playbooks.yaml_nodes import YamlBlock, YamlField

EITHER = "either"
"""Stands for both speakers below ``by``."""

MAX_NAMED_EXPRESSIONS = 3
"""Expressions that are named of one list, where a person reads it."""

_KEYS = frozenset({"by", "ko", "en", "exact", "pattern", "lexicon", "but_not", "within"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseCondition(EventCondition):
    """A final transcript line of ``speaker`` (``None``: of either) has one of the phrases."""

    KEY: ClassVar[str] = "said"
    INNER_KEYS: ClassVar[frozenset[str]] = _KEYS
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "{ko: [카드를 잃어, 지갑을 잃어], en: [lost my card], but_not: {en: [not lost my card]}}",
        "{by: agent, exact: {en: [One moment]}, within: 30s}",
        "{by: either, pattern: ['a{2,5}rgh']}",
    )
    TEXTS: ClassVar[Texts] = {
        "when.customer": {
            Language.KOREAN: "고객이 {expressions} 말함",
            Language.ENGLISH: "the customer says {expressions}",
        },
        "when.agent": {
            Language.KOREAN: "상담사가 {expressions} 말함",
            Language.ENGLISH: "the agent says {expressions}",
        },
        "when.either": {
            Language.KOREAN: "누구든 {expressions} 말함",
            Language.ENGLISH: "either says {expressions}",
        },
        "all_named": {Language.KOREAN: "{named}(이)라고", Language.ENGLISH: "{named}"},
        "none_named": {
            Language.KOREAN: "{count}가지 표현을",
            Language.ENGLISH: "one of {count} expressions",
        },
        "some_named": {
            Language.KOREAN: "{named} 등 {count}가지 표현을",
            Language.ENGLISH: "{named} or others of {count} expressions",
        },
        "reason.customer": {
            Language.KOREAN: "고객: “{text}”",
            Language.ENGLISH: "customer said “{text}”",
        },
        "reason.agent": {
            Language.KOREAN: "상담사: “{text}”",
            Language.ENGLISH: "agent said “{text}”",
        },
    }
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.LINE})

    speaker: Speaker | None
    phrases: Phrases

    @classmethod
    def parse(cls, field: YamlField, context: ParseContext) -> PhraseCondition:
        block = field.block(_KEYS)
        by = block.get("by")
        word_lists = _find_word_lists(block, context.word_lists)
        condition = cls(
            speaker=_parse_speaker(by) if by else Speaker.CUSTOMER,
            phrases=_parse_expressions(block, word_lists),
            within_ms=parse_within(block),
        )
        is_empty = condition.phrases.is_empty and not word_lists
        if field.is_block and is_empty and not field.problems.entries:
            field.add_problem(
                "said has no phrases", "list some below ko, en, exact, pattern or lexicon"
            )
        return condition

    @classmethod
    def json_schema(cls) -> Schema:
        text: Schema = {"type": "string"}
        keys = {
            "by": {"enum": [*choice_schema(Speaker)["enum"], EITHER]},
            **phrases_schema(),
            "exact": block_schema(phrases_schema()),
            "pattern": list_schema({"type": "string", "maxLength": MAX_PATTERN}),
            "lexicon": {"oneOf": [text, list_schema(text)]},
            "but_not": block_schema(phrases_schema()),
            "within": DURATION,
        }
        return block_schema(keys)

    def may_match(self, event: Event) -> bool:
        return (
            isinstance(event, TranscriptLine)
            and self.speaker in (None, event.speaker)
            and any(map(self.phrases.may_match, (event.text, *join_pieces(event))))
        )

    def explain(self, event: Event) -> Reason | None:
        if not isinstance(event, TranscriptLine) or self.speaker not in (None, event.speaker):
            return None
        text = self._find_own(event)
        return Reason.of(self.KEY, speaker=event.speaker, text=text) if text else None

    def explain_news(self, event: Event, known: Sequence[ConditionHit]) -> Reason | None:
        if not isinstance(event, TranscriptLine):
            return None
        told = [hit.reason.word("text") for hit in known if hit.reason]
        text = find_new_words(self.phrases, event, told)
        return Reason.of(self.KEY, speaker=event.speaker, text=text) if text else None

    def find_other_ids(self, event: Event) -> tuple[str, ...]:
        if not isinstance(event, TranscriptLine) or event.thread.is_alone:
            return ()
        if self.phrases.find_first(event.text):
            return ()
        return tuple(piece.line_id for piece in (*event.thread.before, *event.thread.after))

    def _find_own(self, line: TranscriptLine) -> str | None:
        if (text := self.phrases.find_first(line.text)) is None:
            return self._find_across(line)
        # What the line was before has been looked through, however long ago that is.
        return find_new_words(self.phrases, line, ()) if line.thread.earlier_texts else text

    def _find_across(self, line: TranscriptLine) -> str | None:
        """Words that begin in one piece of what was said and end in another.

        What stands in the pieces beside this one alone was found when they came.
        """
        texts = join_pieces(line)
        if not texts or any(map(self.phrases.find_first, join_neighbours(line))):
            return None
        return next(filter(None, map(self.phrases.find_first, texts)), None)

    @property
    def min_duration_ms(self) -> int:
        return 0

    def own_mutations(self) -> Iterator[Mutation]:
        for speaker in Speaker:
            if speaker is not self.speaker:
                yield f"{self.short_name} by the {speaker} alone", replace(self, speaker=speaker)
        for name, phrases in reduce_phrases(self.phrases):
            if not phrases.is_empty:
                yield f"{self.short_name} {name}", replace(self, phrases=phrases)

    @property
    def short_name(self) -> str:
        by_language = (*self.phrases.inclusions.values(), *self.phrases.exact.values())
        expressions = [*(text for texts in by_language for text in texts), *self.phrases.patterns]
        return f"said {', '.join(expressions[:2])}, ..."

    def describe(self, wording: ConditionWording) -> str:
        expressions = self._list_expressions(wording)
        return wording.text(self, f"when.{self.speaker or EITHER}", expressions=expressions)

    def _list_expressions(self, wording: ConditionWording) -> str:
        """The first few in the reader's language, and how many there are."""
        expressions = [
            *_in_language(self.phrases.inclusions, wording.language),
            *_in_language(self.phrases.exact, wording.language),
        ]
        count = len(expressions) + len(self.phrases.patterns)
        shown = expressions[:MAX_NAMED_EXPRESSIONS]
        named = ", ".join(f"“{_strip_wildcards(text)}”" for text in shown)
        if count <= len(shown):
            return wording.text(self, "all_named", named=named)
        return wording.text(self, "some_named" if named else "none_named", named=named, count=count)

    @classmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        return wording.text(cls, f"reason.{reason.word('speaker')}", text=reason.word("text"))


def _in_language(
    by_language: Mapping[Language, tuple[str, ...]], language: Language
) -> tuple[str, ...]:
    """Those of the reader's language, else of any."""
    return by_language.get(language) or next(iter(by_language.values()), ())


def _strip_wildcards(expression: str) -> str:
    """Without the marks that say where a word may go on."""
    return " ".join(expression.replace("*", "").split())


def _parse_expressions(block: YamlBlock, word_lists: list[WordList]) -> Phrases:
    exact, pattern = block.get("exact"), block.get("pattern")
    return Phrases(
        merge_phrases(parse_phrases(block), *(words.inclusions for words in word_lists)),
        merge_phrases(parse_exclusions(block), *(words.exclusions for words in word_lists)),
        exact=_parse_exact_lines(exact) if exact else {},
        patterns=_parse_patterns(pattern) if pattern else (),
    )


def _parse_speaker(field: YamlField) -> Speaker | None:
    text = field.text()
    if text == EITHER:
        return None
    if text not in list(Speaker):
        field.add_problem(f"by is {text!r}", "write customer, agent or either")
        return None
    return Speaker(text)


def _find_word_lists(block: YamlBlock, lexicon: WordLists) -> list[WordList]:
    part = block.get("lexicon")
    fields = [] if part is None else part.items() if part.is_list else [part]
    names = [(field, field.text(max_length=60)) for field in fields]
    for field, name in names:
        if name and name not in lexicon:
            advice = f"there are {', '.join(sorted(lexicon))}" if lexicon else "there are none"
            field.add_problem(
                f"no word list lexicon/{name}.yaml", f"write it, or another: {advice}"
            )
    return [lexicon[name] for _, name in names if name in lexicon]


def _parse_exact_lines(field: YamlField) -> dict[Language, tuple[str, ...]]:
    block = field.block(LANGUAGES)
    lines = {}
    for language in Language:
        part = block.get(language)
        texts = [(item, item.text(max_length=200)) for item in part.items()] if part else []
        for item, text in texts:
            if text and not extract_letters(text):
                item.add_problem(f"{text[:40]!r} has no letters", "write what is said")
        lines[language] = tuple(text for _, text in texts if extract_letters(text))
    return lines


def _parse_patterns(field: YamlField) -> tuple[str, ...]:
    items = field.items()
    if len(items) > MAX_PATTERNS:
        field.add_problem(f"more than {MAX_PATTERNS} patterns", "write several said below any")
    return tuple(filter(None, map(_parse_pattern, items[:MAX_PATTERNS])))


def _parse_pattern(field: YamlField) -> str | None:
    text = field.text(max_length=MAX_PATTERN)
    try:
        compile_pattern(text or "x")
    except PatternError as error:
        what, _, advice = str(error).partition("; ")
        field.add_problem(f"'{text[:40]}' {what}", advice)
        return None
    return text or None
