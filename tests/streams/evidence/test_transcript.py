"""What a bundle says to people who read no JSON."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.alert import Action
from streams.evidence.manifest import CallMetadata
from streams.evidence.transcript import format_transcript
from streams.messages.alerts import StepConfirmation
from streams.store.rows import to_row
from tests.support.protocol import CALL, NOTIFY, REST, THIRD
from tests.support.records import with_changes

if TYPE_CHECKING:
    from streams.messages.alerts import AlertMessage

ENUMS = re.compile("|".join(one for one in Action if "_" in one))
AT = CALL.started_at.replace(microsecond=123_456) + timedelta(seconds=60)


def facts(**changed: object) -> CallMetadata:
    known = {
        "call_id": CALL.call_id, "agent_id": "seoyeon", "queue": "", "language": "ko",
        "started_at": CALL.started_at, "ended_at": None, "duration_ms": None,
        "notice_given": True, "analysis_consent": True, "recording_consent": True,
    }  # fmt: skip
    return CallMetadata.model_validate(known | changed)


def step(index: int, **changed: object) -> dict[str, object]:
    done = StepConfirmation(
        call_id=CALL.call_id, alert_id=THIRD.message_id, index=index,
        action=THIRD.record.actions[index], state="done", given_by="seoyeon", role="agent", at=AT,
    )  # fmt: skip
    row = to_row(done.model_copy(update=changed))
    return row | {"at": row["at"].isoformat()}


def text(
    *steps: dict[str, object], alert: AlertMessage = THIRD, of: CallMetadata | None = None
) -> str:
    lines = [to_row(message) for said in CALL.lines for message in [CALL.line(said)]]
    return format_transcript(of or facts(), lines, alerts=[to_row(alert)], steps=list(steps))


def test_a_confirmed_sentence_is_there_with_its_alert_who_and_when_to_the_second() -> None:
    whole = text(step(0))
    told = whole[whole.index("** 확인") :]
    assert told.startswith(
        "** 확인 / Confirmed: 상담사 / Agent seoyeon: “안내했습니다 / I announced it”"
    )
    assert f", {AT:%Y-%m-%d %H:%M:%S} UTC\n" in told
    assert "알림 / Alert: 폭언 3차 안내 - 상담 중단 가능 / Abusive words: third notice" in told
    assert "내용 / Words: 안내할 문장: “두 차례 안내드렸으나" in told


def test_no_raw_key_and_no_microsecond_is_in_it() -> None:
    cared = step(REST, role="supervisor", given_by="minsu")
    back = step(NOTIFY, state="undone")
    whole = text(*(step(index) for index in range(len(THIRD.record.actions))), cared, back)
    assert ENUMS.findall(whole) == []
    assert "." + f"{AT.microsecond:06}" not in whole
    assert "관리자 / Supervisor minsu: “맡았습니다 / Taken”" in whole
    assert "되돌림 / Taken back: 상담사 / Agent seoyeon" in whole
    assert "알림 / Alert (긴급 / Critical): 폭언 3차" in whole
    assert "고객 / Customer: 이자가 두 번" in whole


def test_the_sentence_is_the_one_in_the_calls_language() -> None:
    english = with_changes(THIRD, language=Language.ENGLISH)
    assert "내용 / Words: To announce: “I have asked twice" in text(step(0), alert=english)
    older = with_changes(THIRD, language=None)
    assert "내용 / Words: 안내할 문장" in text(step(0), alert=older)


def test_confirmations_of_a_call_without_a_start_come_last_with_their_time() -> None:
    whole = text(step(0), of=facts(started_at=None))
    assert "시작 / Started: ?" in whole
    assert whole.index("** 확인") > whole.index("병신 같은 게")
    assert f"{AT:%H:%M:%S} UTC" in whole


def test_an_alert_says_why_it_came_in_both_languages() -> None:
    reason = "근거 / Reason: 고객: “{said}” / customer said “{said}”\n"
    (text_of,) = (each.word("text") for each in THIRD.record.reasons)
    assert reason.format(said=text_of) in text()


def test_the_reasons_of_an_alert_of_a_version_before_are_there_as_they_were_written() -> None:
    row = to_row(THIRD) | {"reasons": ["고객: “옛 문장”"]}
    assert "    근거 / Reason: 고객: “옛 문장”\n" in format_transcript(
        facts(), [], alerts=[row], steps=[]
    )
