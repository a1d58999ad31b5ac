"""What agents ask supervisors for: a step that asks was confirmed, and nobody took care of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, select

from playbooks.playbook import Action
from streams.desk.models import HelpAsked
from streams.tables import ALERTS, CALLS, STEPS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

ASKING = (Action.NOTIFY_SUPERVISOR, Action.OFFER_REST)
"""Steps that ask a supervisor for something."""

ASKED_WITHIN = timedelta(hours=24)
"""What was asked longer ago belongs to another shift: the call still shows it."""

SHOWN = 50


def help_asked(connection: Connection, now: datetime) -> list[HelpAsked]:
    """What waits for a supervisor, the newest first. Several who ask for one thing ask once."""
    care = STEPS.alias("care")
    cared_for = exists().where(
        care.c.alert_id == STEPS.c.alert_id,
        care.c["index"] == STEPS.c["index"],
        care.c.role == "supervisor",
        care.c.state == "done",
        care.c["at"] >= STEPS.c["at"],
    )
    wanted = (
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
            ~cared_for,
        )
        .order_by(STEPS.c["at"].desc(), STEPS.c.step_id)
        .limit(SHOWN)
    )  # fmt: skip
    asked = {
        (row["alert_id"], row["index"]): HelpAsked.model_validate(
            dict(row)
            | {"live": row["ended_at"] is None, "agent_id": row["given_by"] or row["agent_id"]}
        )
        for row in connection.execute(wanted).mappings()
    }
    return list(asked.values())
