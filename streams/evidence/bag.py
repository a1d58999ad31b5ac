"""The folder that a bundle is: BagIt (RFC 8493), so that a stranger checks it with `sha256sum -c`.

Payload lies under ``data/``; ``manifest-sha256.txt`` has its hashes, ``tagmanifest-sha256.txt``
those of the files around it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from streams.evidence.archive import BundleFile, measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

BAGIT = "bagit.txt"
BAG_INFO = "bag-info.txt"
PAYLOAD_MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
PAYLOAD = "data/"
BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


class BagError(ValueError):
    """A manifest cannot be read. The text is one line."""


def bag_folder(sealed_at: datetime) -> str:
    """The one folder that a bundle unpacks to."""
    return f"evidence-{sealed_at:%Y%m%dT%H%M%SZ}"


def build_bag(
    folder: str,
    payload: Sequence[BundleFile],
    *,
    info: Mapping[str, str],
    tags: Mapping[str, bytes],
) -> list[BundleFile]:
    """Every file of a bag.

    Args:
        folder: that all of it lies in.
        payload: what is kept, by its name under ``data/``.
        info: for ``bag-info.txt``: the standard's labels with one line each.
        tags: other files beside the payload.
    """
    data = [replace(file, name=PAYLOAD + file.name) for file in payload]
    oxum = f"{sum(file.size for file in data)}.{len(data)}"
    texts = {
        BAGIT: BAGIT_TEXT,
        BAG_INFO: _format_info({**info, "Payload-Oxum": oxum}),
        PAYLOAD_MANIFEST: format_manifest({file.name: file.sha256 for file in data}),
        **tags,
    }
    around = [measure(name, text) for name, text in texts.items()]
    hashes = format_manifest({file.name: file.sha256 for file in around})
    files = [*data, *around, measure(TAG_MANIFEST, hashes)]
    return [replace(file, name=f"{folder}/{file.name}") for file in files]


def format_manifest(hashes: Mapping[str, str]) -> bytes:
    """A manifest as `sha256sum` writes it, sorted by name."""
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()


def parse_manifest(name: str, text: bytes) -> dict[str, str]:
    """The hashes in a manifest, by file.

    Raises:
        BagError: a line is no hash and name, or a file is listed twice.
    """
    hashes: dict[str, str] = {}
    for number, line in enumerate(text.decode(errors="replace").splitlines(), start=1):
        parts = _LINE.fullmatch(line)
        if parts is None or parts[2] in hashes:
            message = f"{name}: line {number} is no SHA-256 with the name of another file"
            raise BagError(message)
        hashes[parts[2]] = parts[1]
    return hashes


def _format_info(info: Mapping[str, str]) -> bytes:
    return "".join(f"{label}: {info[label]}\n" for label in sorted(info)).encode()
