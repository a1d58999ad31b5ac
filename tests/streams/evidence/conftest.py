"""A database with one whole call, and what is needed to seal it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from playbooks.alert import Action
from streams.cloudevents import now
from streams.desk.feature import DESK
from streams.evidence.feature import EVIDENCE
from streams.evidence.seal import SealRequest, seal
from streams.evidence.verify import verify
from streams.messages.alerts import StepConfirmation
from streams.settings import Settings
from streams.site.feature import Arrival
from streams.store.engine import Store, open_store
from tests.support.calls import KOREAN_CALL, NOW, Script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from streams.cloudevents import Message
    from streams.evidence.verify import VerificationResult
    from streams.messages.evidence import EvidenceSeal

CALL = replace(KOREAN_CALL, started_at=NOW - timedelta(hours=1))
CLICKED = CALL.started_at + timedelta(seconds=70)


@dataclass(frozen=True, slots=True)
class Kept:
    """A desk's database and folder."""

    store: Store
    settings: Settings

    def keep(self, *messages: Message) -> None:
        """As the feed does."""
        arrivals = [Arrival(message, now()) for message in messages]
        with self.store.engine.begin() as connection:
            DESK.persist(connection, arrivals, self.settings)
            EVIDENCE.persist(connection, arrivals, self.settings)

    def seal(self, call: Script = CALL, *, at: datetime = CLICKED, **wanted: str) -> EvidenceSeal:
        """Seal a call and keep that."""
        one = SealRequest(call_id=call.call_id, **wanted)  # type: ignore[arg-type]
        with self.store.engine.connect() as connection:
            made = seal(connection, one, self.settings, at=at)
        self.keep(made)
        return made

    def path(self, made: EvidenceSeal) -> Path:
        """Where a bundle lies."""
        return self.settings.evidence / made.file

    def verdict(self, made: EvidenceSeal) -> VerificationResult:
        """What checking it says."""
        return verify(self.path(made))


def click(state: str = "done", *, at: datetime = CLICKED, call: Script = CALL) -> StepConfirmation:
    """The agent asks for the evidence to be sealed."""
    return StepConfirmation.model_validate(
        {
            "call_id": call.call_id, "alert_id": f"{call.call_id}~abusive-words~69800", "index": 4,
            "action": Action.SEAL_EVIDENCE, "state": state, "given_by": "seoyeon", "at": at,
        }
    )  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    settings = Settings(home=tmp_path)
    store = open_store(settings.database_url)
    one = Kept(store, settings)
    one.keep(CALL.start_event(), *CALL.messages(), click())
    yield one
    store.close()
