"""What long work reports to: the click commands draw bars, tests listen to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Progress(Protocol):
    """Where a long step says that it begins, and how far it is."""

    def begin(self, title: str, total: int) -> Callable[[], None]:
        """Start a step of ``total`` parts; call the result once after each part."""
        ...


class NullProgress:
    """Shows nothing."""

    def begin(self, title: str, total: int) -> Callable[[], None]:
        """Start a step without showing it."""
        del title, total
        return lambda: None
