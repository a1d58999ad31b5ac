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
from streams.desk.models import Problem
from streams.metrics import DEAD_LETTERS_SENT
from streams.processing.dead_letters import dead_letter
from streams.site.alert_latency import Pushes
from streams.site.feature import Sender, SendError, Site
from streams.site.feed import FED_BY, Feed
from streams.site.guards import Guards, hosts_of
from streams.site.hub import Hub
from streams.site.kafka_sender import KafkaSender
from streams.site.kafka_source import KafkaSource, Record, Source
from streams.site.pages import Pages
from streams.store.engine import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from streams.settings import Settings
    from streams.site.feature import Feature
    from streams.store.engine import Store

LOG = logging.getLogger("callmood.desk")
CLOSING_S = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """What the desk is connected to.

    Attributes:
        source: makes the feed's source for a database and its listeners.
        sender: takes what people answer.
    """

    source: Callable[[Store, Hub], Source]
    sender: Sender


def kafka_line(bootstrap: str, settings: Settings) -> Line:
    """The line over Kafka at ``host:port``."""

    def source(store: Store, hub: Hub) -> Source:
        return KafkaSource(
            bootstrap=bootstrap,
            topics=[topic.name for topic in FED_BY],
            group=f"callmood-desk-{store.store_id}",
            timeout_s=settings.kafka_timeout_s,
            tell=hub.change,
        )

    return Line(source, KafkaSender(bootstrap=bootstrap, timeout_s=settings.kafka_timeout_s))


def create_app(settings: Settings, *, features: Sequence[Feature], line: Line) -> FastAPI:
    """Build the application; it feeds itself from its start to its end.

    Args:
        settings: of this process.
        features: the first one is the desk's own.
        line: `kafka_line`, or one that tests feed.

    Raises:
        StoreError: the database cannot be used.
    """
    store = open_store(settings.database_url)
    app = FastAPI(
        title="callmood desk",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_lifespan(features, line),
        responses={422: {"model": Problem, "description": "What is wrong, in one line."}},
    )
    folders = {"site": Path(streams.site.__file__).parent}
    folders |= {f.name: f.folder for f in features if f.folder is not None}
    hub = Hub()
    pages = Pages(folders, language=settings.language, line_state=lambda: hub.state.value)
    app.state.site = Site(settings=settings, store=store, sender=line.sender, pages=pages)
    app.state.hub = hub
    app.state.pushes = Pushes()
    for feature in features:
        app.include_router(feature.router)
    for name, folder in folders.items():
        app.mount(f"/static/{name}", StaticFiles(directory=folder / "static"), name=name)
    app.add_middleware(Guards, hosts=hosts_of(settings))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _problem)
    return app


def _lifespan(
    features: Sequence[Feature], line: Line
) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        site: Site = app.state.site
        source = line.source(site.store, app.state.hub)
        feed = Feed(
            source=source,
            store=site.store,
            hub=app.state.hub,
            features=features,
            settings=site.settings,
            set_aside=_setting_aside(line.sender),
        )
        tasks = [asyncio.create_task(feed.run()), asyncio.create_task(line.sender.start())]
        tasks += [asyncio.create_task(f.runs(site)) for f in features if f.runs is not None]
        try:
            yield
        finally:
            app.state.hub.close()
            await _ended(tasks)
            await asyncio.gather(source.close(), line.sender.close())
            site.store.close()

    return lifespan


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    done, _ = await asyncio.wait(tasks, timeout=CLOSING_S)
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("the desk's feed had ended: %r", error)


def _setting_aside(sender: Sender) -> Callable[[Record, Exception], Awaitable[None]]:
    async def set_aside(record: Record, error: Exception) -> None:
        letter = dead_letter(record, error, stage="desk")
        LOG.warning(
            "%s[%d]@%d: set aside: %s", record.topic, record.partition, record.offset, letter.reason
        )
        DEAD_LETTERS_SENT.labels(record.topic, "desk").inc()
        try:
            await sender.send(letter)
        except SendError as refused:
            LOG.warning("and the dead letters could not take it: %s", refused)

    return set_aside


async def _invalid(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for it)
    problems = [f"{_where(problem['loc'])}: {problem['msg']}" for problem in error.errors()[:5]]
    return JSONResponse({"detail": "; ".join(problems)}, 422)


def _where(location: Sequence[object]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])


async def _problem(request: Request, error: Exception) -> Response:
    """One sentence: as a page for a person, as JSON for a program."""
    assert isinstance(error, HTTPException | StarletteHTTPException)  # noqa: S101
    site: Site = request.app.state.site
    if isinstance(error.__cause__, UnicodeDecodeError):
        return JSONResponse({"detail": "body: it is not JSON in UTF-8"}, 422)
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": error.detail}, error.status_code)
    return site.pages.page(
        request,
        "site/problem.html",
        {"code": error.status_code, "detail": error.detail},
        status=error.status_code,
    )
