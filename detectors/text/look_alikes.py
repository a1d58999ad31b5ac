"""Characters that stand for others: what they look like, or which letter they show."""

from __future__ import annotations

import string
import unicodedata

APOSTROPHES = frozenset(
    "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u2018\u2019\u201a\u201b\u2032\u2035\uff07\uff40"
)
"""What people and recognisers write for an apostrophe."""

_CYRILLIC = dict(zip("авеёһніїјкӏмоԛгѕтухԝьрсп", "abeehniijklmoqrstyxwbpcn", strict=True))
_GREEK = dict(zip("αβεηικνορτυχγωϲ", "abenikvoptuxywc", strict=True))
LATIN_SHAPES = _CYRILLIC | _GREEK
"""Lower-case Cyrillic and Greek letters, by the Latin one that each looks like."""

_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
_STROKED = dict(zip("øłđıħŧ", "oldiht", strict=True))
_FRAMED = {
    chr(first + index): letter
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for index, letter in enumerate(string.ascii_lowercase)
}
LETTER_SYMBOLS = _SMALL_CAPITALS | _STROKED | _FRAMED
"""Letters that NFKC does not make plain: small capitals, stroked, in circles, squares and flags."""


def _compatibility_jamo() -> dict[str, str]:
    """Of each conjoining letter of modern Hangul (initial or final), the one that stands alone."""
    table = {}
    for code in range(0x3131, 0x3164):
        alone = chr(code)
        table[unicodedata.normalize("NFKC", alone)] = alone
        name = unicodedata.name(alone).removeprefix("HANGUL LETTER ")
        for kind in ("CHOSEONG", "JUNGSEONG", "JONGSEONG"):
            try:
                table[unicodedata.lookup(f"HANGUL {kind} {name}")] = alone
            except KeyError:
                continue
    return table


STRAY_JAMO = _compatibility_jamo()
"""Conjoining letters of Hangul that are part of no syllable, as they are written alone."""
