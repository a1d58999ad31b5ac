"""Sealed evidence by HTTP: which bundles a call has, and the bundles themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from starlette.responses import FileResponse

from streams.messages.roles import SealRole
from streams.site.feature import Site, get_site
from streams.store.retention.evidence_files import resolve_bundle_path
from streams.store.tables import SEALS

ROUTER = APIRouter(tags=["evidence"])
SiteDependency = Annotated[Site, Depends(get_site)]

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such bundle here."}}


class Bundle(BaseModel):
    """A sealed bundle of evidence."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    call_id: str
    sha256: str = Field(description="Of the zip; also in Kafka, topic `seals.v1`.")
    previous_sha256: str = Field(description="Of the bundle before it; empty: it is the first.")
    size: int = Field(description="In bytes.")
    cause: Literal["asked", "call_ended"]
    sealed_by: str
    role: SealRole
    at: datetime


@ROUTER.get("/api/calls/{call_id}/evidence")
def list_bundles(site: SiteDependency, call_id: str) -> list[Bundle]:
    """A call's bundles, the oldest first; also those of a call whose words are deleted."""
    query = select(SEALS).where(SEALS.c.call_id == call_id)
    with site.store.engine.connect() as connection:
        rows = connection.execute(query.order_by(SEALS.c["at"], SEALS.c.seal_id)).mappings().all()
    return [Bundle.model_validate(dict(row)) for row in rows]


@ROUTER.get(
    "/api/calls/{call_id}/evidence/{sha256}", response_class=FileResponse, responses=NOT_FOUND
)
def read_bundle(
    site: SiteDependency, call_id: str, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
) -> FileResponse:
    """One bundle, as a zip."""
    query = select(SEALS.c.file).where(SEALS.c.call_id == call_id, SEALS.c.sha256 == sha256)
    with site.store.engine.connect() as connection:
        file = connection.scalar(query)
    path = resolve_bundle_path(site.settings, file) if file is not None else None
    if path is None or not path.is_file():
        raise HTTPException(404, f"There is no bundle {sha256} of {call_id[:128]!r} here.")
    return FileResponse(
        path,
        media_type="application/zip",
        filename=f"evidence-{path.parent.name}-{path.name}",
        headers={"Cache-Control": "no-store"},
    )
