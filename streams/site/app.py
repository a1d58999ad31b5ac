"""Builds the desk's application: the features' pages over one feed, one database, one sender."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

import streams.site
from streams.kafka.connection import KafkaConnection
from streams.metrics import DEAD_LETTERS_SENT
from streams.processing.dead_letters import build_dead_letter
from streams.site.alert_latency import AlertLatency
from streams.site.feature import Site
from streams.site.feed import FEED_TOPICS, Feed
from streams.site.guards import Guards, parse_allowed_hosts
from streams.site.housekeeping import Housekeeping
from streams.site.hub import Hub
from streams.site.kafka_sender import KafkaSender
from streams.site.kafka_source import FeedSource, KafkaSource
from streams.site.outbox_sender import OutboxSender
from streams.site.pages import Pages
from streams.site.responses import ProblemResponse
from streams.site.sender import Sender, SendError
from streams.store.engine import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from streams.kafka.record import Record
    from streams.settings import Settings
    from streams.site.feature import Feature
    from streams.store.engine import Store

LOG = logging.getLogger("callmood.desk")
SHUTDOWN_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class KafkaLink:
    """What the desk is connected to.

    Attributes:
        make_source: makes the feed's source for a database and its listeners.
        sender: takes what the outbox holds, bundles' hashes and dead letters.
    """

    make_source: Callable[[Store, Hub], FeedSource]
    sender: Sender


def kafka_link(bootstrap: str, settings: Settings) -> KafkaLink:
    """The link to Kafka at ``host:port``.

    Raises:
        BrokerError: the settings do not lead there.
    """
    connection = KafkaConnection.from_settings(bootstrap, settings)

    def make_source(store: Store, hub: Hub) -> FeedSource:
        return KafkaSource(
            connection=connection,
            topics=[topic.name for topic in FEED_TOPICS],
            group=f"callmood-desk-{store.store_id}",
            on_state_change=hub.set_state,
        )

    return KafkaLink(make_source, KafkaSender(connection))


def create_app(
    settings: Settings,
    *,
    features: Sequence[Feature],
    link: KafkaLink,
    address: str | None = None,
) -> FastAPI:
    """Build the application; it feeds itself from its start to its end.

    Args:
        settings: of this process.
        features: the first one is the desk's own.
        link: `kafka_link`, or one that tests feed.
        address: where it will answer; ``None``: the database is shared with other desks.

    Raises:
        StoreError: the database cannot be used, or another desk serves it.
    """
    store = open_store(settings.database_url, desk_address=address)
    app = FastAPI(
        title="callmood desk",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_lifespan(features, link),
        responses={422: {"model": ProblemResponse, "description": "What is wrong, in one line."}},
    )
    folders = {"site": Path(streams.site.__file__).parent}
    folders |= {f.name: f.folder for f in features if f.folder is not None}
    hub = Hub()
    pages = Pages(folders, language=settings.language, feed_state=lambda: hub.state.value)
    outbox = OutboxSender(store=store, sender=link.sender)
    app.state.site = Site(
        settings=settings, store=store, sender=link.sender, outbox=outbox, pages=pages
    )
    app.state.hub = hub
    app.state.pushes = AlertLatency()
    for feature in features:
        app.include_router(feature.router)
    for name, folder in folders.items():
        app.mount(f"/static/{name}", StaticFiles(directory=folder / "static"), name=name)
    app.add_middleware(Guards, hosts=parse_allowed_hosts(settings))
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    app.add_exception_handler(StarletteHTTPException, _handle_http_error)
    return app


def _lifespan(
    features: Sequence[Feature], link: KafkaLink
) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        site: Site = app.state.site
        source = link.make_source(site.store, app.state.hub)
        feed = Feed(
            source=source,
            store=site.store,
            hub=app.state.hub,
            features=features,
            settings=site.settings,
            dead_letter_sink=_dead_letter_sink(link.sender),
        )
        housekeeping = Housekeeping(store=site.store, features=features, settings=site.settings)
        tasks = [
            asyncio.create_task(feed.run()),
            asyncio.create_task(link.sender.start()),
            asyncio.create_task(site.outbox.run()),
            asyncio.create_task(housekeeping.run()),
        ]
        tasks += [
            asyncio.create_task(f.run_background(site))
            for f in features
            if f.run_background is not None
        ]
        try:
            yield
        finally:
            app.state.hub.close()
            await _cancel_all(tasks)
            await asyncio.gather(source.close(), link.sender.close())
            site.store.close()

    return lifespan


async def _cancel_all(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    done, _ = await asyncio.wait(tasks, timeout=SHUTDOWN_TIMEOUT_S)
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("the desk's feed had ended: %r", error)


def _dead_letter_sink(sender: Sender) -> Callable[[Record, Exception], Awaitable[None]]:
    async def send_to_dead_letters(record: Record, error: Exception) -> None:
        letter = build_dead_letter(record, error, stage="desk")
        LOG.warning(
            "%s[%d]@%d: set aside: %s", record.topic, record.partition, record.offset, letter.reason
        )
        DEAD_LETTERS_SENT.labels(record.topic, "desk").inc()
        try:
            await sender.send(letter)
        except SendError as refused:
            LOG.warning("and the dead letters could not take it: %s", refused)

    return send_to_dead_letters


async def _handle_validation_error(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for it)
    problems = [
        f"{_field_path(problem['loc'])}: {problem['msg']}" for problem in error.errors()[:5]
    ]
    return JSONResponse({"detail": "; ".join(problems)}, 422)


def _field_path(location: Sequence[object]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])


async def _handle_http_error(request: Request, error: Exception) -> Response:
    """One sentence: as a page for a person, as JSON for a program."""
    assert isinstance(error, HTTPException | StarletteHTTPException)  # noqa: S101
    site: Site = request.app.state.site
    if isinstance(error.__cause__, UnicodeDecodeError):
        return JSONResponse({"detail": "body: it is not JSON in UTF-8"}, 422)
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": error.detail}, error.status_code)
    return site.pages.render_page(
        request,
        "site/problem.html",
        {"code": error.status_code, "detail": error.detail},
        status=error.status_code,
    )
