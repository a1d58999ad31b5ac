"""Who calls, as a keyed hash of the number: the number itself ends here.

A hash without a key could be turned back by trying every number. With the key, which stays in a
file at the gateways, only they can tell whose hash it is; where it is changed, nobody is known
any more (docs/decisions/0026-callers-by-keyed-hash.md).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import phonenumbers

from detectors.errors import CallmoodError
from streams.home import prepare_home

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.settings import Settings

KEY_BYTES = 32
HASH_DIGITS = 32
"""128 bits in hex: no two callers of a country share one."""

_PURPOSE = b"callmood caller 1\x00"
_SIP = re.compile(r"^\s*<?\s*sips?:([^@;>?]*)", re.IGNORECASE)


class CallerKeyError(CallmoodError):
    """The key cannot be used. One line, naming the file and never its content."""


@dataclass(frozen=True, slots=True)
class CallerHasher:
    """Turns numbers into hashes.

    Attributes:
        key: the site's.
        region: the country of numbers that name none (``KR``).
    """

    key: bytes = field(repr=False)
    region: str

    def hash_number(self, number: str) -> str:
        """The caller's hash; empty where the number is none that a person can be told by."""
        normalized = to_e164(number, region=self.region)
        if not normalized:
            return ""
        digest = hmac.new(self.key, _PURPOSE + normalized.encode(), hashlib.sha256)
        return digest.hexdigest()[:HASH_DIGITS]


def hash_to_empty(_number: str) -> str:
    """Knows no caller."""
    return ""


def build_caller_hasher(settings: Settings) -> Callable[[str], str]:
    """How a gateway of these settings turns numbers into hashes.

    The key is read, or made, at the first number; that may raise `CallerKeyError` or `HomeError`.
    """
    if settings.caller_days == 0:
        return hash_to_empty
    hasher = cache(lambda: CallerHasher(_load_site_key(settings), settings.region))
    return lambda number: hasher().hash_number(number)


def _load_site_key(settings: Settings) -> bytes:
    """The key; where it is to be made in the home, a home that is no good is blamed itself."""
    if settings.caller_key_file is None and not settings.caller_key.exists():
        prepare_home(settings.home)
    return load_caller_key(settings.caller_key)


def to_e164(number: str, *, region: str) -> str:
    """A number as the whole world writes it (``+821012345678``), whatever way it was written.

    Empty where it is withheld, an extension, an emergency number, or nothing at all: a call is
    never lost for the sake of who calls.
    """
    sip = _SIP.match(number)
    try:
        parsed = phonenumbers.parse(sip[1] if sip else number, region)
    except phonenumbers.NumberParseException:
        return ""  # not its text: it may hold the number
    if not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def load_caller_key(path: Path) -> bytes:
    """The key in a file, which is made where there is none.

    Raises:
        CallerKeyError: it cannot be read or made, is too short, or others may read it.
    """
    try:
        if not path.exists():
            _create_key(path)
        return _read_key(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"the callers' key {path} cannot be used: {reason}; see CALLMOOD_CALLER_KEY_FILE"
        raise CallerKeyError(message) from None


def _read_key(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        key = file.read()
    if mode & 0o077:
        message = f"the callers' key {path} is open to others ({mode:04o}): chmod 600 {path}"
        raise CallerKeyError(message)
    if len(key) < KEY_BYTES:
        message = (
            f"the callers' key {path} has {len(key)} bytes, and {KEY_BYTES} are the least: put the "
            "key of your other gateways there, or delete the file and a new one is made"
        )
        raise CallerKeyError(message)
    return key


def _create_key(path: Path) -> None:
    """Write a new key, whole or not at all; of several that do so at once the first one counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        # 0600 from the first moment, whatever the umask.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
