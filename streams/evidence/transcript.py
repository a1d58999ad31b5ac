"""A call as people read it: what was said, which alerts came, who confirmed what. Pure.

Korean and English side by side, because whoever reads it may read only one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from detectors.utterance import Language
from streams.site.filters import clock
from streams.site.translations import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.evidence.manifest import CallFacts

Row = Mapping[str, Any]

BOTH = (Language.KOREAN, Language.ENGLISH)
LAST = 1 << 40
"""Where a confirmation stands of a call whose start is unknown, in ms."""

_ASKS = ("notify_supervisor", "offer_rest")


def transcript_text(
    facts: CallFacts, lines: Sequence[Row], *, alerts: Sequence[Row], steps: Sequence[Row]
) -> str:
    """The whole call.

    Args:
        facts: of the call; steps are placed by its start, and come last where that is unknown.
        lines: of the transcript, in the order of the call.
        alerts: of the call.
        steps: confirmations, with ``at`` as text.
    """
    said = [*_said(lines), *_alerted(alerts), *_confirmed(facts, alerts, steps)]
    body = "".join(f"{text}\n" for _, text in sorted(said, key=lambda one: one[0]))
    return _head(facts) + body


def _head(facts: CallFacts) -> str:
    started = _utc(facts.started_at) if facts.started_at else "?"
    return (
        f"통화 / Call: {facts.call_id}\n"
        f"시작 / Started: {started}\n"
        f"상담사 / Agent: {facts.agent_id or '?'}\n"
        "[0:00]은 통화가 시작된 뒤의 시간입니다. / [0:00] counts from the call's start.\n\n"
    )


def _said(lines: Sequence[Row]) -> Iterator[tuple[int, str]]:
    for line in lines:
        unfinished = "" if line["final"] else " [...]"
        text = " ".join(line["text"].split())
        who = _words(f"speaker.{line['speaker']}")
        yield line["start_ms"], f"[{clock(line['start_ms'])}] {who}: {text}{unfinished}"


def _alerted(alerts: Sequence[Row]) -> Iterator[tuple[int, str]]:
    for alert in alerts:
        level = _words(f"alerts.level.{alert['level']}")
        page = f"{alert['playbook_id']}, 버전 / version {alert['playbook_version']}"
        told = f"[{clock(alert['at_ms'])}] ** 알림 / Alert ({level}): {_title(alert)}"
        yield alert["at_ms"], f"{told}\n    플레이북 / Playbook: {page}"


def _confirmed(
    facts: CallFacts, alerts: Sequence[Row], steps: Sequence[Row]
) -> Iterator[tuple[int, str]]:
    known = {alert["alert_id"]: alert for alert in alerts}
    for step in steps:
        at = datetime.fromisoformat(step["at"])
        after = at - facts.started_at if facts.started_at else None
        ms = max(0, int(after.total_seconds() * 1000)) if after is not None else LAST
        when = f"[{clock(ms)}] " if after is not None else ""
        about = _about(step, known.get(step["alert_id"]), facts.language)
        yield ms, f"{when}** {_deed(step)}, {_utc(at)}{about}"


def _deed(step: Row) -> str:
    """Who pressed what, in the words of the button."""
    state = "확인 / Confirmed" if step["state"] == "done" else "되돌림 / Taken back"
    cares = step["role"] == "supervisor" and step["action"] in _ASKS
    did = _words(f"steps.did.{'care' if cares else step['action']}")
    who = f"{_words('steps.by.' + step['role'])} {step['given_by']}".strip()
    return f"{state}: {who}: “{did}”"


def _about(step: Row, alert: Row | None, language: str) -> str:
    """Which alert, and the words of the step: what is said aloud in the call's language."""
    if alert is None:
        return ""
    texts = alert["suggestion"]
    any_other: list[str] = next(iter(texts.values()), [])
    spoken: list[str] = texts.get(alert["language"] or language) or any_other
    sentence = spoken[step["index"]] if step["index"] < len(spoken) else ""
    told = f"\n    알림 / Alert: {_title(alert)} [{clock(alert['at_ms'])}]"
    return f"{told}\n    내용 / Words: {sentence}" if sentence else told


def _title(alert: Row) -> str:
    titles = alert["title"]
    return " / ".join(titles[language] for language in BOTH if language in titles)


def _words(key: str) -> str:
    return " / ".join(dict.fromkeys(catalogue(language)(key) for language in BOTH))


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
