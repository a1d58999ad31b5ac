"""What agents ask supervisors for: a step that asks was confirmed, and nobody took care of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, select

from playbooks.playbook import Action
from streams.desk.models import HelpAsked, StepShown
from streams.store.tables import ALERTS, CALLS, STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

ASKING = (Action.NOTIFY_SUPERVISOR, Action.OFFER_REST)
"""Steps that ask a supervisor for something."""

ASKED_WITHIN = timedelta(hours=24)
"""What was asked longer ago belongs to another shift: the call still shows it."""

TAKEN_SHOWN = timedelta(minutes=5)
"""So long the other supervisors see who takes care of it."""

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that was asked for, and who takes care of it."""

    asked: HelpAsked
    taken: StepShown | None = None


@dataclass(frozen=True, slots=True)
class HelpRow:
    """Everything that is asked for in one call, help before a break."""

    requests: tuple[Request, ...]

    @property
    def newest(self) -> HelpAsked:
        """What waits and was asked last; where nothing waits, what was asked last."""
        waiting = [one for one in self.requests if one.taken is None]
        return max((one.asked for one in waiting or self.requests), key=lambda one: one.asked_at)

    @property
    def waiting(self) -> bool:
        """Nobody takes care of something yet."""
        return any(one.taken is None for one in self.requests)

    @property
    def asks(self) -> str:
        """For the words: the action, or ``both``."""
        actions = {one.asked.action for one in self.requests}
        return "both" if len(actions) > 1 else actions.pop().value


def help_asked(connection: Connection, now: datetime) -> list[HelpAsked]:
    """What waits for a supervisor, the newest first. Several who ask for one thing ask once."""
    return _asked(connection, _wanted(now).where(~_cared_for()))


def help_rows(connection: Connection, now: datetime) -> list[HelpRow]:
    """The same by call, those that wait first; with what was just taken care of, and by whom."""
    requests = [Request(one) for one in help_asked(connection, now)]
    just = _asked(connection, _wanted(now).where(_cared_for(since=now - TAKEN_SHOWN)))
    taken = _taken(connection, just)
    requests += [Request(one, taken.get((one.alert_id, one.index))) for one in just]
    by_call: dict[str, list[Request]] = {}
    for request in requests:
        by_call.setdefault(request.asked.call_id, []).append(request)
    return [HelpRow(tuple(sorted(found, key=_order))) for found in by_call.values()]


def _order(request: Request) -> int:
    return ASKING.index(request.asked.action)


def _cared_for(since: datetime | None = None) -> ColumnElement[bool]:
    care = STEPS.alias("care")
    done = and_(
        care.c.alert_id == STEPS.c.alert_id,
        care.c["index"] == STEPS.c["index"],
        care.c.role == "supervisor",
        care.c.state == "done",
        care.c["at"] >= STEPS.c["at"],
    )
    return exists().where(done if since is None else and_(done, care.c["at"] > since))


def _wanted(now: datetime) -> Select[Any]:
    return (
        select(
            STEPS.c.alert_id, STEPS.c["index"], STEPS.c.action, STEPS.c["at"].label("asked_at"),
            STEPS.c.given_by, STEPS.c.call_id, ALERTS.c.title, ALERTS.c.sensitive,
            CALLS.c.agent_id, CALLS.c.queue, CALLS.c.ended_at,
        )
        .join(ALERTS, ALERTS.c.alert_id == STEPS.c.alert_id)
        .join(CALLS, CALLS.c.call_id == STEPS.c.call_id)
        .where(
            and_(STEPS.c.role == "agent", STEPS.c.state == "done"),
            STEPS.c.action.in_([action.value for action in ASKING]),
            STEPS.c["at"] > now - ASKED_WITHIN,
        )
        .order_by(STEPS.c["at"].desc(), STEPS.c.step_id)
        .limit(SHOWN)
    )  # fmt: skip


def _asked(connection: Connection, wanted: Select[Any]) -> list[HelpAsked]:
    asked = {
        (row["alert_id"], row["index"]): HelpAsked.model_validate(
            dict(row)
            | {"live": row["ended_at"] is None, "agent_id": row["given_by"] or row["agent_id"]}
        )
        for row in connection.execute(wanted).mappings()
    }
    return list(asked.values())


def _taken(connection: Connection, asked: Sequence[HelpAsked]) -> dict[tuple[str, int], StepShown]:
    """Who took care of each last."""
    wanted = select(STEPS).where(
        STEPS.c.alert_id.in_({one.alert_id for one in asked}),
        and_(STEPS.c.role == "supervisor", STEPS.c.state == "done"),
    )
    rows = connection.execute(wanted.order_by(STEPS.c["at"], STEPS.c.step_id)).mappings()
    return {(row["alert_id"], row["index"]): StepShown.model_validate(dict(row)) for row in rows}
