"""What a call said before: in order, bounded, and the same when lines come again."""

from __future__ import annotations

from detectors.utterance import CONTEXT_LINES, Speaker, TimeSpan, TranscriptLine
from streams.score import line_context
from streams.score.line_context import MAX_LINE_CHARS, MAX_LINES, LineHistory, join_unit


def line(text: str, start_ms: int, call: str = "call-1") -> TranscriptLine:
    return TranscriptLine(call, Speaker.CUSTOMER, TimeSpan(start_ms, start_ms + 900), text)


class History(LineHistory):
    """Of lines all of which there is something to read in."""

    def add_context(self, line: TranscriptLine) -> TranscriptLine:
        given = super().add_context(line)
        assert given is not None
        return given


def test_a_line_brings_the_newest_lines_before_it_oldest_first() -> None:
    lines = History()
    given = [lines.add_context(line(f"line {i}", i * 2_000)).context for i in range(5)]
    assert given[0] == ()
    assert given[2] == ("line 0", "line 1")
    assert given[4] == ("line 1", "line 2", "line 3")
    assert max(map(len, given)) == CONTEXT_LINES


def test_a_line_that_comes_again_finds_what_it_found_before() -> None:
    lines = History()
    events = [line(f"line {i}", i * 2_000) for i in range(6)]
    first = [lines.add_context(event) for event in events]
    assert [lines.add_context(event) for event in events[2:]] == first[2:]


def test_calls_do_not_hear_each_other() -> None:
    lines = History()
    lines.add_context(line("you are useless", 0, "call-1"))
    assert lines.add_context(line("yes", 2_000, "call-2")).context == ()


def test_a_worker_that_starts_anew_reads_the_first_line_as_if_alone() -> None:
    before, after = History(), History()
    before.add_context(line("this is the third time", 0))
    known = before.add_context(line("yes", 2_000))
    unknown = after.add_context(line("yes", 2_000))
    assert known.context == ("this is the third time",)
    assert unknown.context == ()
    assert (known.call_id, known.span) == (unknown.call_id, unknown.span), "ids do not change"


def test_memory_is_bounded_by_calls_lines_and_characters() -> None:
    lines = History()
    for i in range(line_context.MAX_CALLS + 10):
        lines.add_context(line("first", 0, f"call-{i}"))
    assert lines.add_context(line("next", 2_000, "call-0")).context == (), "forgotten"
    newest = f"call-{line_context.MAX_CALLS + 9}"
    assert lines.add_context(line("next", 2_000, newest)).context == ("first",)
    for i in range(2 * MAX_LINES):
        lines.add_context(line(f"{i:02} " * 700, 4_000 + 2_000 * i, newest))
    kept = lines.add_context(line("last", 900_000, newest)).context
    assert [len(text) for text in kept] == [MAX_LINE_CHARS] * CONTEXT_LINES
    # Lines older than those kept are gone, so one before them all has no context.
    assert lines.add_context(line("early", 1_000, newest)).context == ()


def test_pieces_of_one_sentence_are_read_as_one_under_one_id() -> None:
    lines = History()
    first = join_unit(lines.add_context(line("저 진짜 이제는 죽고", 2_000)))
    second = lines.add_context(line("싶어요", 3_100))
    joined = join_unit(second)
    assert joined.text == "저 진짜 이제는 죽고 싶어요"
    assert (joined.span.start_ms, joined.span.end_ms) == (2_000, 4_000)
    assert joined.context == (), "no piece is the context of another"
    assert second.thread.unit_id == first.line_id


def test_what_leaks_from_the_agent_is_not_read() -> None:
    lines = LineHistory()
    words = "혹시 자살 생각을 하고 계신가요"
    lines.add_context(TranscriptLine("call-1", Speaker.AGENT, TimeSpan(2_000, 6_000), words))
    leak = TranscriptLine("call-1", Speaker.CUSTOMER, TimeSpan(2_300, 6_200), words)
    assert lines.add_context(leak) is None
