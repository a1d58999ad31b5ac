"""Variables that begin as ours do and are none of ours: a slip of the keyboard, mostly."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PREFIX = "CALLMOOD_"

_SERVICE_HOST = re.compile(r"^(CALLMOOD_\w+)_SERVICE_HOST$")
"""Kubernetes tells every container of every Service of its namespace, by the Service's name."""


class UnknownSettingError(CallmoodError):
    """A variable ``CALLMOOD_...`` is no setting: what its owner wanted does not happen."""


def refuse_unknown_variables(variables: Iterable[str], settings: Collection[str]) -> None:
    """Refuse variables that begin with `PREFIX` and are no settings.

    A mistyped ``CALLMOOD_KEEP_DAYS`` would keep people's words longer than was decided.

    Args:
        variables: the names of the environment's.
        settings: the names of the settings, with the prefix, in capitals.

    Raises:
        UnknownSettingError: names each one, and the setting that is spelled most alike. Never
            their values, which may be secrets.
    """
    ours = {name.upper() for name in variables if name.upper().startswith(PREFIX)}
    services = {match[1] for name in ours if (match := _SERVICE_HOST.match(name))}
    unknown = sorted(
        name for name in ours - set(settings) if not _is_kubernetes_name(name, services)
    )
    if unknown:
        faults = "; ".join(_describe(name, settings) for name in unknown)
        message = f"{faults}: correct the name, or unset it (docs/settings.md has all of them)"
        raise UnknownSettingError(message)


def _is_kubernetes_name(name: str, services: Iterable[str]) -> bool:
    return any(name.startswith((f"{s}_SERVICE_", f"{s}_PORT_")) or name == f"{s}_PORT"
               for s in services)  # fmt: skip


def _describe(name: str, settings: Collection[str]) -> str:
    endings = [setting.removeprefix(PREFIX) for setting in settings]
    nearest = difflib.get_close_matches(name.removeprefix(PREFIX), endings, n=1)
    hint = f" ({PREFIX}{nearest[0]}?)" if nearest else ""
    return f"{name} is no setting{hint}"
