"""A safety alert fires once, however a recogniser cuts, repeats and moves the words."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from detectors.utterance import Speaker, TimeSpan, TranscriptLine
from playbooks.files.loader import load_library
from streams.advise.call_state import (
    NO_EVIDENCE,
    AdviceState,
    LineEvidence,
    advise,
    from_json,
    to_json,
)
from streams.messages.calls import TranscriptMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

RULEBOOK = load_library()
SENTENCES = (
    "저 진짜 이제는 죽고 싶어요",
    "다 끝내고 그냥 자살하고 싶어요",
    "I told my sister I'm going to kill myself if this goes on",
    "honestly I just want to die",
)


def fired(lines: Sequence[TranscriptLine], evidence: LineEvidence = NO_EVIDENCE) -> list[str]:
    state = AdviceState()
    alerts = []
    for one in lines:
        if not one.final:
            continue
        state, result = advise(
            from_json(json.loads(json.dumps(to_json(state)))),  # a restart at every line
            one,
            message_id=TranscriptMessage.of(one).message_id,
            rulebook=RULEBOOK,
            evidence=evidence,
        )
        alerts += [alert.playbook_id for alert in result.alerts]
    return alerts


def line(text: str, start: int, end: int, by: Speaker = Speaker.CUSTOMER) -> TranscriptLine:
    return TranscriptLine("call-1", by, TimeSpan(start, end), text)


@pytest.mark.parametrize("sentence", SENTENCES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_cut_told_again_and_moved_it_fires_exactly_once(sentence: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(sentence) - 1), max_size=3)))
    bounds = [0, *cuts, len(sentence)]
    pieces = [sentence[a:b] for a, b in pairwise(bounds)]
    pieces = [piece for piece in pieces if piece.strip()]
    # "t" and "t" a sixth of a second later is one line that moved, as far as anybody can know.
    assume(len({piece.strip() for piece in pieces}) == len(pieces))
    lines, at_ms = [], 2_000
    for piece in pieces:
        end_ms = at_ms + 100 + 60 * len(piece)
        final = line(piece.strip(), at_ms, end_ms)
        lines.append(final)
        if data.draw(st.booleans()):
            moved_ms = data.draw(st.sampled_from([0, 50, 100]))
            lines.append(line(final.text, at_ms + moved_ms, end_ms + moved_ms))
        at_ms = end_ms + data.draw(st.integers(0, 900))
    assert fired(lines).count("self-harm-words") == 1


def test_a_leak_fires_nothing_and_silence_counts_for_nothing() -> None:
    words = "고객님 많이 힘드신 것 같은데 혹시 자살 생각을 하고 계신가요"
    agent = line(words, 2_000, 6_000, Speaker.AGENT)
    assert fired([agent, line(words, 2_300, 6_200)]) == []
    one = [line(SENTENCES[0], 2_000, 4_000)]
    assert fired(one) == ["self-harm-words"]
    assert fired(one, LineEvidence(is_silent=True)) == []
    assert fired(one, LineEvidence(is_silent=True, is_vouched=True)) == ["self-harm-words"]


def test_a_word_that_breaks_off_at_a_cut_and_is_said_again_fires() -> None:
    pieces = [line("i just want to end my li-", 2_000, 4_000), line("life", 4_100, 4_600)]
    assert fired(pieces) == ["self-harm-words"]


def test_a_sentence_cut_within_several_of_its_words_fires() -> None:
    texts = ("honestly I just", "w", "ant t", "o die")
    starts = (2_000, 2_900, 3_000, 3_400)
    pieces = [line(t, at, at + 90) for t, at in zip(texts, starts, strict=True)]
    assert fired(pieces) == ["self-harm-words"]
