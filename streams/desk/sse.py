"""The live stream: server-sent events for one page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from starlette.responses import StreamingResponse

from streams.cloudevents import now
from streams.desk.live_events import Showing
from streams.desk.models import Role  # noqa: TC001  (FastAPI reads it at run time)
from streams.messages.callers import ReturningCaller
from streams.messages.records import AlertMessage, CallEvent, MoodMessage, StepDone
from streams.site.feature import Site, site_of
from streams.site.hub import Event, Hub, Listener, TooManyListenersError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.site.alert_latency import Pushes

ROUTER = APIRouter()
BEAT_S = 10.0

_OVERVIEW = (CallEvent, MoodMessage, AlertMessage, ReturningCaller, StepDone)


@ROUTER.get("/api/live", response_class=StreamingResponse, tags=["live"])
async def live(  # noqa: PLR0913  (each is a query parameter)
    request: Request,
    site: Annotated[Site, Depends(site_of)],
    *,
    call: Annotated[str | None, Query(max_length=128)] = None,
    agent: Annotated[str | None, Query(max_length=128)] = None,
    role: Role = "agent",
    after: Annotated[str, Query(max_length=40)] = "",
    last_event_id: Annotated[str, Header(max_length=40)] = "",
) -> StreamingResponse:
    """Server-sent events: of one call, of an agent's next call, or of all calls.

    Goes on after ``Last-Event-ID`` or ``after``; where that is not remembered any more, the
    only event is ``resync``: fetch everything again, and listen from there.
    """
    hub: Hub = request.app.state.hub
    try:
        listener = hub.listen(_wants(call, agent), after=last_event_id or after)
    except TooManyListenersError:
        raise HTTPException(503, "Too many pages listen live; close some.") from None
    seats = {"role": role, "given_by": agent or ""}
    showing = Showing(site.pages, site.pages.language_of(request), seats=seats)
    events = _events(hub, listener, showing, request.app.state.pushes)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _wants(call: str | None, agent: str | None) -> Callable[[Event], bool]:
    def wants(event: Event) -> bool:
        message = event.message
        if message is None or (call is not None and message.call_id == call):
            return True
        if agent and isinstance(message, CallEvent):
            return message.agent_id == agent
        return call is None and not agent and isinstance(message, _OVERVIEW)

    return wants


async def _events(
    hub: Hub, listener: Listener | None, showing: Showing, pushes: Pushes
) -> AsyncIterator[str]:
    if listener is None:
        yield _event("resync", {})
        return
    try:
        yield "retry: 1000\n" + _event("line_state", {"state": hub.state.value})
        while not listener.gone:
            event = await listener.next(BEAT_S)
            if event is not None:
                yield _told(hub, event, showing, pushes)
            elif not listener.gone:
                yield _event("beat", {})
        if not hub.closed:
            yield _event("resync", {})
    finally:
        hub.leave(listener)


def _told(hub: Hub, event: Event, showing: Showing, pushes: Pushes) -> str:
    name = hub.name(event.number)
    if event.message is None:
        return _event("line_state", {"state": hub.state.value}, name)
    shown = showing.event(event.message)
    if shown is None:
        return f"id: {name}\n\n"
    if isinstance(event.message, AlertMessage):
        pushes.pushed(event.message, now())
    return _event(*shown, name)


def _event(name: str, told: dict[str, object], number: str = "") -> str:
    identity = f"id: {number}\n" if number else ""
    return f"{identity}event: {name}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n"
