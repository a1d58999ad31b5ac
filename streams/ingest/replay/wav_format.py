"""How the sound of a WAV file is coded: the content of its ``fmt`` chunk."""

from __future__ import annotations

import struct

MIN_FORMAT_BYTES = 16
_MAX_FRAME_BYTES, _MAX_RATE = 64, 1_000_000

_SAMPLE_CODECS = {1: "PCM", 3: "float", 6: "A-law", 7: "mu-law"}
"""Codings (wFormatTag) whose frames are one sample a channel."""

CODECS = {
    0x0002: "Microsoft ADPCM", 0x0010: "OKI ADPCM", 0x0011: "IMA ADPCM", 0x0014: "G.723 ADPCM",
    0x0017: "Dialogic OKI ADPCM", 0x0022: "TrueSpeech", 0x0031: "GSM 6.10", 0x0038: "NMS ADPCM",
    0x0040: "G.721 ADPCM", 0x0041: "G.728", 0x0042: "G.723.1", 0x0045: "G.726",
    0x0050: "MPEG audio", 0x0055: "MP3", 0x0064: "G.726", 0x0065: "G.722", 0x0083: "G.729",
    0x00FF: "AAC", 0x0111: "G.723.1", 0x0125: "G.726", 0x0130: "Sipro ACELP", 0x0133: "G.729",
    0x0161: "Windows Media Audio", 0xA109: "Speex",
}  # fmt: skip
"""Codings of WAV by their number (RFC 2361, and what recorders register since)."""


def name_codec(content: bytes, order: str) -> str:
    """How the sound is coded, as people call it.

    Args:
        content: of a ``fmt`` chunk.
        order: of its bytes, ``<`` or ``>``.
    """
    tag = int(struct.unpack_from(f"{order}H", content)[0])
    return _SAMPLE_CODECS.get(tag) or CODECS.get(tag, f"coding 0x{tag:04x}")


def correct_format(content: bytes, order: str) -> tuple[bytes, bool]:
    """Put a ``fmt`` chunk right.

    Args:
        content: of the chunk, 16 bytes at least.
        order: of its bytes, ``<`` or ``>``.

    Returns:
        The chunk with the frame size and byte rate that its other fields make, and whether a
        decoder would have been misled by the one it was.
    """
    fields = f"{order}HHIIHH"
    tag, channels, rate, _, align, bits = struct.unpack_from(fields, content)
    bits = bits or 8 * (align // max(1, channels))
    align = channels * -(-bits // 8)
    if tag not in _SAMPLE_CODECS or not 0 < align <= _MAX_FRAME_BYTES or rate > _MAX_RATE:
        return content, False  # damaged beyond this: the decoder says what it cannot take
    corrected = struct.pack(fields, tag, channels, rate, rate * align, align, bits)
    corrected += content[MIN_FORMAT_BYTES:]
    # A wrong byte rate alone misleads nobody.
    return corrected, corrected[12:] != content[12:]
