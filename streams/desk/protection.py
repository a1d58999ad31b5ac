"""The protection protocol by HTTP: steps are confirmed, supervisors are asked for help.

Nothing here makes anything happen in a call. A person did a step and says so; nothing waits for
that, and whoever says nothing loses nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse

from streams.cloudevents import now
from streams.desk import queries
from streams.desk.help_requests import load_help_requests
from streams.desk.models import HelpRequest, StepIn  # noqa: TC001  (FastAPI reads them at run time)
from streams.desk.persist import persist_steps
from streams.messages.alerts import StepConfirmation
from streams.metrics import STEPS_CONFIRMED
from streams.site.feature import Site, get_site, store_answer
from streams.site.responses import Accepted, ProblemResponse
from streams.store.outbox import enqueue, lock_call

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from playbooks.alert import Action
    from streams.desk.models import AlertView

ROUTER = APIRouter()
SiteDependency = Annotated[Site, Depends(get_site)]

PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": ProblemResponse},
    503: {"model": ProblemResponse},
}


@ROUTER.post("/api/alerts/{alert_id}/steps/{index}", tags=["alerts"], responses=PROBLEMS)
async def confirm_step(
    site: SiteDependency, alert_id: str, index: Annotated[int, Path(ge=0, le=99)], step: StepIn
) -> Accepted:
    """Confirm a step of an alert, or take that back.

    Steps count from 0. An agent says that they did it. A supervisor who confirms a step that
    asks for one (``notify_supervisor``, ``offer_rest``) has taken care of it.
    """
    alert, action = await run_in_threadpool(_get_step, site, alert_id, index)
    confirmation = StepConfirmation(
        call_id=alert.record.call_id,
        alert_id=alert_id,
        index=index,
        action=action,
        state=step.state,
        given_by=step.given_by,
        role=step.role,
        at=now(),
    )
    await store_answer(site, partial(_persist, confirmation=confirmation))
    STEPS_CONFIRMED.labels(action, step.role, step.state).inc()
    return Accepted(id=confirmation.message_id)


@ROUTER.get("/api/help", tags=["alerts"])
def list_help(site: SiteDependency) -> list[HelpRequest]:
    """What agents ask supervisors for and nobody has taken care of, the newest first."""
    with site.store.engine.connect() as connection:
        return load_help_requests(connection, now())


@ROUTER.get("/calls/{call_id}/sensitive", response_class=HTMLResponse, include_in_schema=False)
def sensitive_panel(request: Request, site: SiteDependency, call_id: str) -> HTMLResponse:
    """The part of a call's page that says what makes it sensitive, by itself.

    It is made from all alerts of the call, which a live page does not hold.
    """
    with site.store.engine.connect() as connection:
        detail = queries.load_call_detail(connection, call_id)
    if detail is None:
        raise HTTPException(404, f"There is no call {call_id[:128]!r} here.")
    return site.pages.render_page(request, "desk/sensitive.html", {"detail": detail})


def _get_step(site: Site, alert_id: str, index: int) -> tuple[AlertView, Action]:
    with site.store.engine.connect() as connection:
        alert = queries.load_alert(connection, alert_id)
    if alert is None:
        raise HTTPException(404, f"There is no alert {alert_id[:512]!r} here.")
    actions = alert.record.actions
    action = actions[index] if index < len(actions) else None
    if action is None:
        raise HTTPException(404, f"Step {index} of this alert is none that anybody confirms.")
    return alert, action


def _persist(connection: Connection, *, confirmation: StepConfirmation) -> None:
    lock_call(connection, confirmation.call_id)
    persist_steps(connection, [confirmation])
    enqueue(connection, [confirmation])
