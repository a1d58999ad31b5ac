"""Reads from the database what the pages and the API show."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Select, and_, func, select

from playbooks.alert import AlertLevel
from playbooks.sensitivity import SensitivityKind
from streams.desk.feedback import is_disputed
from streams.desk.models import (
    AlertView,
    CallDetail,
    CallsPage,
    CallView,
    FeedbackView,
    MoodView,
    ReadingView,
    ReturningCallerView,
    SealView,
    StepView,
    TurnView,
)
from streams.desk.sensitive import find_sensitive
from streams.desk.transcript_lines import load_transcript
from streams.store.tables import (
    ALERTS,
    CALLS,
    FEEDBACK,
    MOODS,
    READINGS,
    RETURNING_CALLERS,
    SEALS,
    STEPS,
    TURNS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row, Table

View = TypeVar("View", bound=BaseModel)


def load_calls_page(
    connection: Connection,
    *,
    live: bool | None = None,
    agent_id: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> CallsPage:
    """Calls, those that started last first."""
    query = select(CALLS)
    if live is not None:
        query = query.where(CALLS.c.ended_at.is_(None) if live else CALLS.c.ended_at.is_not(None))
    if agent_id is not None:
        query = query.where(CALLS.c.agent_id == agent_id)
    total = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    newest_first = func.coalesce(CALLS.c.started_at, CALLS.c.seen_at).desc()
    rows = connection.execute(
        query.order_by(newest_first, CALLS.c.call_id).offset(offset).limit(limit)
    )
    calls = _with_summary(connection, rows.all())
    return CallsPage(calls=calls, total=total, offset=offset, limit=limit)


def load_call(connection: Connection, call_id: str) -> CallView | None:
    """One call and how it stands; ``None`` where it is unknown."""
    row = connection.execute(select(CALLS).where(CALLS.c.call_id == call_id)).one_or_none()
    return _with_summary(connection, [row])[0] if row is not None else None


def find_newest_call_id(connection: Connection, agent_id: str) -> str | None:
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


def list_agents(connection: Connection) -> list[str]:
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


def load_call_detail(connection: Connection, call_id: str) -> CallDetail | None:
    """Everything about one call; ``None`` where it is unknown."""
    call = load_call(connection, call_id)
    if call is None:
        return None
    moods = (
        _load_all(connection, _select_by_call(MOODS, call_id, "number"), MoodView)
        if call.channel_fault is None
        else []  # nobody knows whose they were
    )
    transcript = load_transcript(connection, call_id)
    lines = transcript.lines
    readings = _load_all(connection, _select_by_call(READINGS, call_id, "start_ms"), ReadingView)
    turns = _load_all(connection, _select_by_call(TURNS, call_id, "start_ms"), TurnView)
    alerts = _load_alerts(connection, _select_by_call(ALERTS, call_id, "at_ms"))
    return CallDetail(
        call=call,
        mood=moods[-1] if moods else None,
        moods=moods,
        transcript_lines=lines,
        line_marks=transcript.marks,
        readings=readings,
        alerts=alerts,
        turns=turns,
        sensitive=find_sensitive(
            alerts,
            [view.record for view in lines],
            chain(*([view.record for view in views] for views in (readings, moods, turns))),
            newest_ids=transcript.newest_ids,
        ),
        seals=_load_all(connection, _select_by_call(SEALS, call_id, "at"), SealView),
    )


def load_alert(connection: Connection, alert_id: str) -> AlertView | None:
    """One alert and what was answered to it; ``None`` where it is unknown."""
    alerts = _load_alerts(connection, select(ALERTS).where(ALERTS.c.alert_id == alert_id))
    return alerts[0] if alerts else None


def _load_alerts(connection: Connection, query: Select[Any]) -> list[AlertView]:
    alerts = sorted(
        connection.execute(query).mappings(),
        # The page shows the newest first: of those that came at once, the most severe.
        key=lambda alert: (alert["at_ms"], AlertLevel(alert["level"]).rank),
    )
    feedback: defaultdict[str, list[FeedbackView]] = defaultdict(list)
    ids = [alert["alert_id"] for alert in alerts]
    feedback_query = select(FEEDBACK).where(FEEDBACK.c.alert_id.in_(ids)).order_by(FEEDBACK.c["at"])
    for row in connection.execute(feedback_query).mappings():
        feedback[row["alert_id"]].append(FeedbackView.model_validate(dict(row)))
    steps = _load_steps(connection, ids)
    return [
        AlertView.model_validate(
            dict(alert)
            | {"feedback": feedback[alert["alert_id"]], "steps": steps[alert["alert_id"]]}
        )
        for alert in alerts
    ]


def _load_steps(connection: Connection, alert_ids: Sequence[str]) -> dict[str, list[StepView]]:
    """What stands confirmed of each alert, the oldest first."""
    steps: defaultdict[str, list[StepView]] = defaultdict(list)
    query = select(STEPS).where(STEPS.c.alert_id.in_(alert_ids), STEPS.c.state == "done")
    for row in connection.execute(query.order_by(STEPS.c["at"], STEPS.c.step_id)).mappings():
        steps[row["alert_id"]].append(StepView.model_validate(dict(row)))
    return steps


def _with_summary(connection: Connection, rows: Sequence[Row[Any]]) -> list[CallView]:
    """Calls with their newest mood, their alerts, and whether their callers called before."""
    ids = [row.call_id for row in rows]
    moods = _load_newest_moods(connection, ids)
    returning = _load_returning(connection, ids)
    counts: defaultdict[str, dict[AlertLevel, int]] = defaultdict(dict)
    levels = select(ALERTS.c.call_id, ALERTS.c.level, func.count().label("alerts"))
    for call_id, level, count in connection.execute(
        levels.where(ALERTS.c.call_id.in_(ids)).group_by(ALERTS.c.call_id, ALERTS.c.level)
    ):
        counts[call_id][AlertLevel(level)] = count
    kinds = _load_kinds(connection, ids)
    return [
        _build_call(
            row,
            moods.get(row.call_id),
            returning.get(row.call_id),
            counts[row.call_id],
            kinds=kinds[row.call_id],
        )
        for row in rows
    ]


def _load_kinds(
    connection: Connection, call_ids: Sequence[str]
) -> dict[str, list[SensitivityKind]]:
    """The kinds of sensitive customer found in calls, the gravest first."""
    kinds_by_call: defaultdict[str, set[str]] = defaultdict(set)
    query = select(ALERTS.c.call_id, ALERTS.c.sensitive).where(~is_disputed()).distinct()
    for call_id, kind in connection.execute(
        query.where(ALERTS.c.call_id.in_(call_ids), ALERTS.c.sensitive.is_not(None))
    ):
        kinds_by_call[call_id].add(kind)
    return defaultdict(
        list, {c: [k for k in SensitivityKind if k in kinds_by_call[c]] for c in kinds_by_call}
    )


def _build_call(
    row: Row[Any],
    mood: MoodView | None,
    returning: ReturningCallerView | None,
    alerts: dict[AlertLevel, int],
    *,
    kinds: list[SensitivityKind],
) -> CallView:
    summary = {
        "sensitive": kinds,
        "live": row.ended_at is None,
        "mood": mood if row.channel_fault is None else None,
        "returning": returning,
        "alerts": sum(alerts.values()),
        "loudest": max(alerts, key=lambda level: level.rank, default=None),
    }
    return CallView.model_validate(dict(row._mapping) | summary)  # noqa: SLF001  (public API)


def _load_newest_moods(connection: Connection, call_ids: Sequence[str]) -> dict[str, MoodView]:
    newest = (
        select(MOODS.c.call_id, func.max(MOODS.c.number).label("number"))
        .where(MOODS.c.call_id.in_(call_ids))
        .group_by(MOODS.c.call_id)
        .subquery()
    )
    is_newest = and_(MOODS.c.call_id == newest.c.call_id, MOODS.c.number == newest.c.number)
    rows = connection.execute(select(MOODS).join(newest, is_newest)).mappings()
    return {row["call_id"]: MoodView.model_validate(dict(row)) for row in rows}


def _load_returning(
    connection: Connection, call_ids: Sequence[str]
) -> dict[str, ReturningCallerView]:
    query = select(RETURNING_CALLERS).where(RETURNING_CALLERS.c.call_id.in_(call_ids))
    rows = connection.execute(query).mappings()
    return {row["call_id"]: ReturningCallerView.model_validate(dict(row)) for row in rows}


def _select_by_call(table: Table, call_id: str, order: str) -> Select[Any]:
    key = next(iter(table.primary_key))
    return select(table).where(table.c.call_id == call_id).order_by(table.c[order], key)


def _load_all(connection: Connection, query: Select[Any], model: type[View]) -> list[View]:
    return [model.model_validate(dict(row)) for row in connection.execute(query).mappings()]
