# ruff: noqa: E501  (what people say is as long as it is)
"""A call with abuse, and the protocol's three warnings, independent of what the library says.

Run ``python -m tests.support.protocol HOME [PORT]`` to serve a desk that shows it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.utterance import Language
from playbooks.alert import Action, AlertLevel
from playbooks.reason import Reason
from playbooks.sensitivity import SensitivityKind
from streams.messages.alerts import AlertMessage
from tests.support.calls import NOW, A, C, Script, ScriptedLine
from tests.support.records import with_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

KO, EN = Language.KOREAN, Language.ENGLISH
Steps = tuple[tuple[Action | None, str, str], ...]

CALL = Script(
    call_id="bank-ko:20261122-0007",
    agent_id="seoyeon",
    queue="대출 상담",
    language=KO,
    lines=(
        ScriptedLine(at_ms=900, speaker=A, text="네, 새봄은행 상담사 김서연입니다. 무엇을 도와드릴까요?"),
        ScriptedLine(
            at_ms=6_400, speaker=C, text="이자가 두 번 빠져나갔잖아, 이 새끼들아.",
            emotion=Emotion.ANGER, strength=0.8, topics=(Topic.ABUSE,), words=("이 새끼",),
        ),
        ScriptedLine(at_ms=13_000, speaker=A, text="다만 욕설을 하시면 상담을 이어 가기 어렵습니다."),
        ScriptedLine(
            at_ms=25_000, speaker=C, text="야, 닥치고 책임자 바꿔!",
            emotion=Emotion.ANGER, strength=0.9, topics=(Topic.ABUSE,),
        ),
        ScriptedLine(at_ms=34_000, speaker=A, text="고객님, 다시 한번 안내드립니다."),
        ScriptedLine(
            at_ms=43_000, speaker=C, text="병신 같은 게 말이 많아. 금감원에 민원 넣는다.",
            emotion=Emotion.ANGER, strength=0.95, topics=(Topic.ABUSE, Topic.REGULATOR),
        ),
    ),
    alerts=(),
    started_at=NOW - timedelta(seconds=70),
)  # fmt: skip

_FIRST: Steps = (
    (None, "잠시 숨을 고르고, 낮고 차분한 목소리로 말씀하세요.", "Take a breath, and speak low and slowly."),
    (Action.READ_OUT,
     "읽어 드릴 문장: “고객님, 불편을 겪으신 점 충분히 이해합니다. 다만 욕설을 하시면 상담을 이어 가기 어렵습니다.”",
     "To read out: “I understand this has been frustrating. I can only help if we keep it respectful.”"),
)  # fmt: skip
_SECOND: Steps = (
    (Action.READ_OUT,
     "읽어 드릴 문장: “다시 한번 안내드립니다. 폭언이 계속되면 산업안전보건법 제41조에 따라 상담을 중단할 수 있습니다.”",
     "To read out: “I have to ask you once more to stop using that language, or I will have to end this call.”"),
    (Action.NOTIFY_SUPERVISOR, "관리자에게 도움을 요청하셔도 됩니다.", "You may ask your supervisor to join."),
)  # fmt: skip
_THIRD: Steps = (
    (Action.ANNOUNCE,
     "안내할 문장: “두 차례 안내드렸으나 폭언이 계속되어 더 이상 상담을 진행하기 어렵습니다. 상담을 종료하겠습니다.”",
     "To announce: “I have asked twice, and the abuse has not stopped. I am ending this call now.”"),
    (Action.END_CALL, "통화를 끝내셔도 됩니다. 자동으로 끊기지 않습니다.", "You may end the call. Nothing hangs up by itself."),
    (Action.HAND_OVER, "또는 관리자에게 통화를 넘기세요.", "Or hand the call over to your supervisor."),
    (Action.NOTIFY_SUPERVISOR, "관리자에게 알리세요.", "Tell your supervisor."),
    (Action.OFFER_REST, "휴식을 요청하세요. 불이익을 받지 않습니다.", "Ask for a break. You are entitled to it."),
    (Action.SEAL_EVIDENCE, "증거를 봉인해 두세요. 대화, 알림, 시각이 함께 보관됩니다.", "Seal the evidence: conversation, alerts and times are kept together."),
)  # fmt: skip

NOTIFY, REST, SEAL = 3, 4, 5
"""Steps of the third warning."""


def _alert(  # noqa: PLR0913  (an alert has many parts)
    step: int, at_ms: int, level: AlertLevel, titles: tuple[str, str], steps: Sequence[tuple[Action | None, str, str]],
    *, cause_ms: int, said: str,
) -> AlertMessage:  # fmt: skip
    at = datetime.now(UTC)
    return AlertMessage(
        call_id=CALL.call_id,
        playbook_id="abusive-words",
        playbook_version=2,
        level=level,
        at_ms=at_ms,
        step=step,
        title=dict(zip((KO, EN), titles, strict=True)),
        suggestion={KO: tuple(s[1] for s in steps), EN: tuple(s[2] for s in steps)},
        actions=tuple(s[0] for s in steps),
        why={
            KO: "산업안전보건법 제41조는 고객의 폭언으로부터 상담사를 보호하도록 정하고 있습니다.",
            EN: "Nobody has to put up with abuse. Whether you end the call is your decision.",
        },
        reasons=(Reason.of("said", speaker="customer", text=said),),
        cause_ids=(f"{CALL.call_id}~customer~{cause_ms}~text",),
        sensitive=SensitivityKind.ABUSE,
        language=KO,
        heard_at=at - timedelta(milliseconds=400),
        advised_at=at,
    )


FIRST = _alert(
    1, 9_000, AlertLevel.NOTICE, ("폭언 1차 안내", "Abusive words: first notice"), _FIRST,
    cause_ms=6_400, said="이 새끼들아",
)  # fmt: skip
SECOND = _alert(
    2, 28_000, AlertLevel.WARNING, ("폭언 2차 안내", "Abusive words: second notice"), _SECOND,
    cause_ms=25_000, said="닥치고",
)  # fmt: skip
THIRD = _alert(
    3, 48_000, AlertLevel.CRITICAL, ("폭언 3차 안내 - 상담 중단 가능", "Abusive words: third notice, you may end the call"), _THIRD,
    cause_ms=43_000, said="병신 같은 게",
)  # fmt: skip
REGULATOR = with_changes(
    THIRD, playbook_id="regulator-complaint", level=AlertLevel.WARNING, at_ms=48_500, step=1, title={KO: "외부 민원·소송 언급", EN: "Regulator or court mentioned"}, suggestion={KO: ("민원 접수 절차를 안내해 드리세요.",), EN: ("Explain how to file a complaint.",)}, actions=(), sensitive=SensitivityKind.ESCALATION, reasons=(Reason.of("said", speaker="customer", text="금감원에 민원"),)
)  # fmt: skip


def main(home: str, port: str = "0") -> None:
    """Serve a desk that shows the call, until Enter is pressed."""
    from tests.support.injected import run_desk  # noqa: PLC0415  (the app is heavy)

    with run_desk(Path(home), port=int(port)) as desk:
        desk.wire.put(CALL.start_event(), *CALL.messages(), FIRST, SECOND, THIRD, REGULATOR)
        desk.wire.settle()
        print(f"desk: {desk.url}", flush=True)  # noqa: T201
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
