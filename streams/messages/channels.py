"""Whose channel is whose in a call, where that is in doubt."""

from __future__ import annotations

from typing import ClassVar

from detectors.channels.channel_fault import ChannelFault
from streams.messages.base import RecordMessage


class ChannelFaultMessage(RecordMessage[ChannelFault]):
    """The channels of a call are exchanged, or are one recording (``channel-faults.v1``).

    From then on nobody's emotion is read in the call, and its mood counts as unknown.
    """

    ce_type: ClassVar[str] = "callmood.channel-fault.v1"

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.record.fault_id
