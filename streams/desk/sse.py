"""The live stream: server-sent events for one page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from starlette.responses import StreamingResponse

from streams.cloudevents import now
from streams.desk.live_events import LiveEventRenderer
from streams.messages.alerts import AlertMessage, StepConfirmation
from streams.messages.callers import ReturningCaller
from streams.messages.calls import CallEvent
from streams.messages.channels import ChannelFaultMessage
from streams.messages.readings import MoodMessage
from streams.messages.roles import PersonRole  # noqa: TC001  (FastAPI reads it at run time)
from streams.site.feature import Site, get_site
from streams.site.hub import Hub, LiveEvent, Subscriber, TooManySubscribersError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.site.alert_latency import AlertLatency

ROUTER = APIRouter()
HEARTBEAT_S = 10.0

_OVERVIEW_MESSAGES = (
    CallEvent,
    MoodMessage,
    AlertMessage,
    ReturningCaller,
    StepConfirmation,
    ChannelFaultMessage,
)


@ROUTER.get("/api/live", response_class=StreamingResponse, tags=["live"])
async def live(  # noqa: PLR0913  (each is a query parameter)
    request: Request,
    site: Annotated[Site, Depends(get_site)],
    *,
    call: Annotated[str | None, Query(max_length=128)] = None,
    agent: Annotated[str | None, Query(max_length=128)] = None,
    role: PersonRole = "agent",
    after: Annotated[str, Query(max_length=40)] = "",
    last_event_id: Annotated[str, Header(max_length=40)] = "",
) -> StreamingResponse:
    """Server-sent events: of one call, of an agent's next call, or of all calls.

    Goes on after ``Last-Event-ID`` or ``after``; where that is not remembered any more, the
    only event is ``resync``: fetch everything again, and listen from there.
    """
    hub: Hub = request.app.state.hub
    try:
        subscriber = hub.subscribe(_build_event_filter(call, agent), after=last_event_id or after)
    except TooManySubscribersError:
        raise HTTPException(503, "Too many pages listen live; close some.") from None
    viewer = {"role": role, "given_by": agent or ""}
    renderer = LiveEventRenderer(site.pages, site.pages.get_language(request), viewer=viewer)
    events = _event_stream(hub, subscriber, renderer, request.app.state.pushes)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _build_event_filter(call: str | None, agent: str | None) -> Callable[[LiveEvent], bool]:
    def is_relevant(event: LiveEvent) -> bool:
        message = event.message
        if message is None or (call is not None and message.call_id == call):
            return True
        if agent and isinstance(message, CallEvent):
            return message.agent_id == agent
        return call is None and not agent and isinstance(message, _OVERVIEW_MESSAGES)

    return is_relevant


async def _event_stream(
    hub: Hub, subscriber: Subscriber | None, renderer: LiveEventRenderer, pushes: AlertLatency
) -> AsyncIterator[str]:
    if subscriber is None:
        yield _format_sse("resync", {})
        return
    try:
        yield "retry: 1000\n" + _format_sse("line_state", {"state": hub.state.value})
        while not subscriber.is_dropped:
            event = await subscriber.next(HEARTBEAT_S)
            if event is not None:
                yield _render_event(hub, event, renderer, pushes)
            elif not subscriber.is_dropped:
                yield _format_sse("beat", {})
        if not hub.closed:
            yield _format_sse("resync", {})
    finally:
        hub.unsubscribe(subscriber)


def _render_event(
    hub: Hub, event: LiveEvent, renderer: LiveEventRenderer, pushes: AlertLatency
) -> str:
    event_id = hub.event_id(event.number)
    if event.message is None:
        return _format_sse("line_state", {"state": hub.state.value}, event_id)
    rendered = renderer.render(event.message)
    if rendered is None:
        return f"id: {event_id}\n\n"
    if isinstance(event.message, AlertMessage):
        pushes.record_push(event.message, now())
    return _format_sse(*rendered, event_id)


def _format_sse(name: str, data: dict[str, object], event_id: str = "") -> str:
    id_line = f"id: {event_id}\n" if event_id else ""
    return f"{id_line}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
