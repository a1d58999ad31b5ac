"""Which final lines are one, which adjoin, which repeat the agent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detectors.line_ledger import Discount, Ledger, LineJudgement, take_line
from detectors.utterance import Speaker, TimeSpan, TranscriptLine

CALL = "call-1"


def line(
    text: str, start: int, end: int, by: Speaker = Speaker.CUSTOMER, **more: object
) -> TranscriptLine:
    return TranscriptLine(CALL, by, TimeSpan(start, end), text, **more)  # type: ignore[arg-type]


def judged(*lines: TranscriptLine) -> list[LineJudgement]:
    ledger: Ledger = ()
    judgements = []
    for one in lines:
        judgements.append(take_line(ledger, one))
        ledger = judgements[-1].ledger
    return judgements


def shown_count(*lines: TranscriptLine) -> int:
    return len(judged(*lines)[-1].ledger)


def test_a_final_told_again_longer_is_one_line_with_new_words() -> None:
    short, long = line("네 저기요", 2_000, 5_000), line("네 저기요 죽고 싶어요", 2_000, 9_000)
    last = judged(short, long)[-1]
    assert last.line is not None
    assert last.line.thread.earlier_ids == (short.line_id,)
    assert last.marks[0].replaces == (short.line_id,)
    assert len(last.ledger) == 1


def test_the_same_final_twice_brings_nothing() -> None:
    one = line("여보세요", 2_000, 3_000)
    assert judged(one, one)[-1].line is None


def test_the_same_words_moved_by_100_ms_are_one_line() -> None:
    last = judged(
        line("여보세요 거기 누구", 2_000, 3_000), line("여보세요 거기 누구", 2_100, 3_100)
    )[-1]
    assert last.line is None
    assert len(last.ledger) == 1


def test_a_correction_replaces_the_line() -> None:
    assert (
        shown_count(
            line("카드를 분실 했고요", 2_000, 4_000), line("카드를 분실했구요", 2_000, 4_000)
        )
        == 1
    )
    assert shown_count(line("카드를 분실했고요", 2_000, 4_000), line("카드를", 2_000, 2_500)) == 1


def test_two_lines_with_one_start_are_two() -> None:
    assert (
        shown_count(line("환불해 주세요", 2_000, 4_000), line("누가 전화했어", 2_000, 3_000)) == 2
    )


def test_a_sources_own_id_decides() -> None:
    first, second = (
        line(t, 2_000, 3_000, source_id=i) for t, i in (("네", "a"), ("네 그래요", "b"))
    )
    assert shown_count(first, second) == 2
    far = line("전혀 다른 말", 9_000, 9_900, source_id="a", revision=1)
    assert shown_count(first, far) == 1
    assert judged(far, first)[-1].line is None, "an earlier revision comes late"


def test_a_backchannel_does_not_part_a_sentence_and_an_answer_does() -> None:
    first, second = line("저 진짜 죽고", 2_000, 4_000), line("싶어요", 4_300, 5_000)
    nod = line("네", 4_050, 4_200, Speaker.AGENT)
    answer = line("무슨 일이신지 말씀해 주세요", 4_050, 4_250, Speaker.AGENT)
    for between, pieces in ((nod, 1), (answer, 0)):
        last = judged(first, between, second)[-1].line
        assert last is not None
        assert len(last.thread.before) == pieces


def test_lines_a_second_apart_do_not_adjoin() -> None:
    last = judged(line("저 진짜 죽고", 2_000, 4_000), line("싶어요", 5_000, 6_000))[-1].line
    assert last is not None
    assert last.thread.is_alone


QUESTION = "고객님 많이 힘드신 것 같은데 혹시 자살 생각을 하고 계신가요"


def test_the_agents_words_in_the_customers_channel_count_for_nothing() -> None:
    agent = line(QUESTION, 2_000, 6_000, Speaker.AGENT)
    for leak in (
        line(QUESTION, 2_300, 6_200),
        line("혹시 자살 생각을 하고 계신가요", 4_300, 6_400),
        line("고객님 많이 힘드신 거 같은데 혹시 자살 생각 하고 계신가요", 2_100, 6_100),
    ):
        assert judged(agent, leak)[-1].ledger[-1].discount is Discount.REPEATS_AGENT
        after = judged(leak, agent)[-1]
        assert [mark.discount for mark in after.marks] == [Discount.REPEATS_AGENT]


def test_a_customer_who_says_it_themselves_counts() -> None:
    agent = line(QUESTION, 2_000, 6_000, Speaker.AGENT)
    for own in (
        line("네", 6_100, 6_300),
        line("네 죽고 싶어요", 6_200, 7_000),
        line("자살 생각을 하고 있냐고요", 8_500, 10_000),
    ):
        assert judged(agent, own)[-1].ledger[-1].discount is None
    said = line("저 그냥 죽고 싶어요 진짜로요", 2_000, 4_000)
    asked = line("그냥 죽고 싶어요 라고 하셨어요 진짜로요", 4_500, 7_000, Speaker.AGENT)
    assert judged(said, asked)[-1].ledger[0].discount is None, "the agent repeats it"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["네", "네 네", "아니요 그게", "죽고", "죽고 싶어요", "abc", " "]),
            st.integers(0, 50_000),
            st.integers(0, 5_000),
            st.sampled_from(Speaker),
        ),
        max_size=40,
    )
)
def test_whatever_comes_the_ledger_is_bounded_and_knows_each_line_once(
    given_lines: list[tuple[str, int, int, Speaker]],
) -> None:
    ledger: Ledger = ()
    for text, start, length, speaker in given_lines:
        ledger = take_line(ledger, line(text, start, start + length, speaker)).ledger
        ids = [line_id for entry in ledger for line_id in entry.ids[-1:]]
        assert len(ids) == len(set(ids)) <= 16


def test_words_that_show_that_the_agent_listens_do_not_part_a_sentence() -> None:
    for words in ("네, 네 고객님", "아 네 그러셨구나", "mm-hmm okay", "yes, of course"):
        last = judged(
            line("요즘 너무 힘들어서 죽고", 2_000, 4_000),
            line(words, 4_000, 4_300, Speaker.AGENT),
            line("싶어요", 4_400, 5_000),
        )[-1]
        assert last.line is not None
        assert [piece.text for piece in last.line.thread.before] == ["요즘 너무 힘들어서 죽고"], (
            words
        )


def test_of_two_lines_with_one_start_the_first_to_come_is_before_the_other_alone() -> None:
    last = judged(
        line("나 오늘 죽고 싶어요", 2_000, 5_000), line("야 이 멍청이야 똑바로 해", 2_000, 5_000)
    )[-1]
    assert last.line is not None
    assert len(last.line.thread.before) == 1
    assert last.line.thread.after == ()


def test_a_leak_that_lies_over_two_lines_of_the_agent_counts_for_nothing() -> None:
    first, second = "고객님 많이 힘드신 것 같은데", "혹시 자살 생각을 하고 계신가요"
    agent = (
        line(first, 2_000, 3_900, Speaker.AGENT),
        line(second, 4_000, 6_000, Speaker.AGENT),
    )
    leak = line(f"{first} {second}", 2_200, 6_200)
    assert judged(*agent, leak)[-1].line is None
    late = judged(leak, *agent)[-1]
    assert late.marks[0].discount is Discount.REPEATS_AGENT
