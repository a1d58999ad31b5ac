"""Reads from the database what the pages and the API show."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Select, and_, func, select

from playbooks.playbook import AlertLevel
from playbooks.sensitivity import Sensitive
from streams.desk.feedback import called_wrong
from streams.desk.models import (
    AlertShown,
    CallDetail,
    CallShown,
    CallsPage,
    FeedbackShown,
    LineShown,
    MoodShown,
    ReadingShown,
    ReturningShown,
    SealShown,
    StepShown,
    TurnShown,
)
from streams.desk.sensitive import sensitive_in
from streams.store.tables import (
    ALERTS,
    CALLS,
    FEEDBACK,
    MOODS,
    READINGS,
    RETURNING,
    SEALS,
    STEPS,
    TRANSCRIPT_LINES,
    TURNS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row, Table

Shown = TypeVar("Shown", bound=BaseModel)


def calls_page(
    connection: Connection,
    *,
    live: bool | None = None,
    agent_id: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> CallsPage:
    """Calls, those that started last first."""
    wanted = select(CALLS)
    if live is not None:
        wanted = wanted.where(CALLS.c.ended_at.is_(None) if live else CALLS.c.ended_at.is_not(None))
    if agent_id is not None:
        wanted = wanted.where(CALLS.c.agent_id == agent_id)
    total = connection.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    newest = func.coalesce(CALLS.c.started_at, CALLS.c.seen_at).desc()
    rows = connection.execute(wanted.order_by(newest, CALLS.c.call_id).offset(offset).limit(limit))
    calls = _with_standing(connection, rows.all())
    return CallsPage(calls=calls, total=total, offset=offset, limit=limit)


def call_of(connection: Connection, call_id: str) -> CallShown | None:
    """One call and how it stands; ``None`` where it is unknown."""
    row = connection.execute(select(CALLS).where(CALLS.c.call_id == call_id)).one_or_none()
    return _with_standing(connection, [row])[0] if row is not None else None


def newest_call_of_agent(connection: Connection, agent_id: str) -> str | None:
    """The agent's live call, else the one that ended last; ``None`` where there was none."""
    return connection.scalar(
        select(CALLS.c.call_id)
        .where(CALLS.c.agent_id == agent_id)
        .order_by(
            CALLS.c.ended_at.is_(None).desc(),
            func.coalesce(CALLS.c.started_at, CALLS.c.seen_at).desc(),
        )
        .limit(1)
    )


def agents(connection: Connection) -> list[str]:
    """Agents who had a call, the newest call first."""
    return list(
        connection.scalars(
            select(CALLS.c.agent_id)
            .where(CALLS.c.agent_id != "")
            .group_by(CALLS.c.agent_id)
            .order_by(func.max(CALLS.c.seen_at).desc())
            .limit(50)
        )
    )


def call_detail(connection: Connection, call_id: str) -> CallDetail | None:
    """Everything about one call; ``None`` where it is unknown."""
    call = call_of(connection, call_id)
    if call is None:
        return None
    moods = _all(connection, _of(MOODS, call_id, "number"), MoodShown)
    lines = _all(connection, _of(TRANSCRIPT_LINES, call_id, "start_ms"), LineShown)
    alerts = _alerts(connection, _of(ALERTS, call_id, "at_ms"))
    return CallDetail(
        call=call,
        mood=moods[-1] if moods else None,
        moods=moods,
        transcript_lines=lines,
        readings=_all(connection, _of(READINGS, call_id, "start_ms"), ReadingShown),
        alerts=alerts,
        turns=_all(connection, _of(TURNS, call_id, "start_ms"), TurnShown),
        sensitive=sensitive_in(alerts, lines, moods),
        seals=_all(connection, _of(SEALS, call_id, "at"), SealShown),
    )


def alert_of(connection: Connection, alert_id: str) -> AlertShown | None:
    """One alert and what was answered to it; ``None`` where it is unknown."""
    found = _alerts(connection, select(ALERTS).where(ALERTS.c.alert_id == alert_id))
    return found[0] if found else None


def _alerts(connection: Connection, wanted: Select[Any]) -> list[AlertShown]:
    alerts = sorted(
        connection.execute(wanted).mappings(),
        # The page shows the newest first: of those that came at once, the most severe.
        key=lambda alert: (alert["at_ms"], AlertLevel(alert["level"]).rank),
    )
    answers: defaultdict[str, list[FeedbackShown]] = defaultdict(list)
    ids = [alert["alert_id"] for alert in alerts]
    given = select(FEEDBACK).where(FEEDBACK.c.alert_id.in_(ids)).order_by(FEEDBACK.c["at"])
    for row in connection.execute(given).mappings():
        answers[row["alert_id"]].append(FeedbackShown.model_validate(dict(row)))
    confirmed = _confirmed(connection, ids)
    return [
        AlertShown.model_validate(
            dict(alert)
            | {"feedback": answers[alert["alert_id"]], "steps": confirmed[alert["alert_id"]]}
        )
        for alert in alerts
    ]


def _confirmed(connection: Connection, alert_ids: Sequence[str]) -> dict[str, list[StepShown]]:
    """What stands confirmed of each alert, the oldest first."""
    found: defaultdict[str, list[StepShown]] = defaultdict(list)
    wanted = select(STEPS).where(STEPS.c.alert_id.in_(alert_ids), STEPS.c.state == "done")
    for row in connection.execute(wanted.order_by(STEPS.c["at"], STEPS.c.step_id)).mappings():
        found[row["alert_id"]].append(StepShown.model_validate(dict(row)))
    return found


def _with_standing(connection: Connection, rows: Sequence[Row[Any]]) -> list[CallShown]:
    """Calls with their newest mood, their alerts, and whether their callers called before."""
    ids = [row.call_id for row in rows]
    moods = _newest_moods(connection, ids)
    returning = _returning(connection, ids)
    counts: defaultdict[str, dict[AlertLevel, int]] = defaultdict(dict)
    levels = select(ALERTS.c.call_id, ALERTS.c.level, func.count().label("alerts"))
    for call_id, level, count in connection.execute(
        levels.where(ALERTS.c.call_id.in_(ids)).group_by(ALERTS.c.call_id, ALERTS.c.level)
    ):
        counts[call_id][AlertLevel(level)] = count
    kinds = _kinds(connection, ids)
    return [
        _call(
            row,
            moods.get(row.call_id),
            returning.get(row.call_id),
            counts[row.call_id],
            kinds=kinds[row.call_id],
        )
        for row in rows
    ]


def _kinds(connection: Connection, call_ids: Sequence[str]) -> dict[str, list[Sensitive]]:
    """The kinds of sensitive customer found in calls, the gravest first."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    wanted = select(ALERTS.c.call_id, ALERTS.c.sensitive).where(~called_wrong()).distinct()
    for call_id, kind in connection.execute(
        wanted.where(ALERTS.c.call_id.in_(call_ids), ALERTS.c.sensitive.is_not(None))
    ):
        found[call_id].add(kind)
    return defaultdict(list, {c: [k for k in Sensitive if k in found[c]] for c in found})


def _call(
    row: Row[Any],
    mood: MoodShown | None,
    returning: ReturningShown | None,
    alerts: dict[AlertLevel, int],
    *,
    kinds: list[Sensitive],
) -> CallShown:
    standing = {
        "sensitive": kinds,
        "live": row.ended_at is None,
        "mood": mood,
        "returning": returning,
        "alerts": sum(alerts.values()),
        "loudest": max(alerts, key=lambda level: level.rank, default=None),
    }
    return CallShown.model_validate(dict(row._mapping) | standing)  # noqa: SLF001  (public API)


def _newest_moods(connection: Connection, call_ids: Sequence[str]) -> dict[str, MoodShown]:
    newest = (
        select(MOODS.c.call_id, func.max(MOODS.c.number).label("number"))
        .where(MOODS.c.call_id.in_(call_ids))
        .group_by(MOODS.c.call_id)
        .subquery()
    )
    same = and_(MOODS.c.call_id == newest.c.call_id, MOODS.c.number == newest.c.number)
    rows = connection.execute(select(MOODS).join(newest, same)).mappings()
    return {row["call_id"]: MoodShown.model_validate(dict(row)) for row in rows}


def _returning(connection: Connection, call_ids: Sequence[str]) -> dict[str, ReturningShown]:
    wanted = select(RETURNING).where(RETURNING.c.call_id.in_(call_ids))
    rows = connection.execute(wanted).mappings()
    return {row["call_id"]: ReturningShown.model_validate(dict(row)) for row in rows}


def _of(table: Table, call_id: str, order: str) -> Select[Any]:
    key = next(iter(table.primary_key))
    return select(table).where(table.c.call_id == call_id).order_by(table.c[order], key)


def _all(connection: Connection, wanted: Select[Any], kind: type[Shown]) -> list[Shown]:
    return [kind.model_validate(dict(row)) for row in connection.execute(wanted).mappings()]
