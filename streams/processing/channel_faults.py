"""The calls whose channels are not to be trusted. One list for every processor of a worker.

All topics of a call are on one worker, so that whoever finds a fault and whoever must know of it
share this; a worker that takes the call over reads it from the table.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from streams.messages.channels import ChannelFaultMessage
from streams.metrics import FAULTY_CALLS
from streams.topics import CHANNEL_FAULTS

if TYPE_CHECKING:
    from detectors.channels.channel_fault import ChannelFault
    from streams.processing.faust_app import CallTable, ProcessorContext

RETENTION_S: Final = 7_200.0
"""A call is remembered for as long as one that nobody ended."""

log = logging.getLogger("callmood.channels")


class FaultyCalls:
    """Which calls have a fault, and the way to report one."""

    def __init__(self, context: ProcessorContext, table: CallTable) -> None:
        self._context = context
        self._table = table
        self._found: set[str] = set()

    def is_faulty(self, call_id: str) -> bool:
        """Whether a fault of this call is known: then nobody's emotion is read in it."""
        return call_id in self._found or self._table.get(call_id) is not None

    async def report(self, fault: ChannelFault, *, partition: int) -> None:
        """Tell the desk, and remember it. The same fault again says nothing new."""
        if self.is_faulty(fault.call_id):
            return
        log.warning(
            "call %s: its channels are %s (%s): no emotion is read in it any more",
            fault.call_id,
            fault.kind.replace("_", " "),
            fault.evidence.replace("_", " "),
        )
        FAULTY_CALLS.labels(fault.kind, fault.evidence).inc()
        # From now on nothing is read. Written down when the desk has it: a crash says it again.
        self._found.add(fault.call_id)
        message = ChannelFaultMessage(call_id=fault.call_id, record=fault)
        await self._context.send_all([(CHANNEL_FAULTS, message)])
        self._table.put(fault.call_id, {"kind": fault.kind.value}, partition=partition)
        self._found.discard(fault.call_id)

    def expire(self) -> None:
        """Forget calls that are long over."""
        self._table.expire(RETENTION_S, exclude=())

    def restart_expiry(self) -> None:
        """Partitions were handed out anew."""
        self._table.restart_expiry()
