"""Put data into a page: as compressed text that no markup can leave, and with hashes for its policy."""

from __future__ import annotations

import base64
import gzip
import hashlib
from typing import Any

import msgspec

from monarch_vs_ray.core.output import clean


def packed(data: Any) -> str:
    """Return data as JSON, compressed, in base64; control characters in its texts are made visible."""
    return base64.b64encode(gzip.compress(msgspec.json.encode(cleaned(data)), 9, mtime=0)).decode()


def cleaned(data: Any) -> Any:
    """Return plain data in which no text steers a reader's screen or the direction of writing."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, dict):
        return {cleaned(key): cleaned(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [cleaned(each) for each in data]
    return data


def unpacked(text: str) -> Any:
    """Return what ``packed`` was given, as plain values."""
    return msgspec.json.decode(gzip.decompress(base64.b64decode(text)))


def script_text(source: str) -> str:
    """Return a script such that the text around it ends it, and nothing in it: ``</script`` and ``<!--``.

    Both occur in strings and comments of a script only, where the backslash changes nothing.
    """
    return (
        source.replace("</script", "<\\/script").replace("</SCRIPT", "<\\/SCRIPT").replace("<!--", "<\\!--")
    )


def hash_of(source: str) -> str:
    """Return a script's hash as a content-security policy names it."""
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
