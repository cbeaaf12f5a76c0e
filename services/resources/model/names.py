"""Tags, and names of files made safe."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.types.fields import Tag

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
NAME_BYTES = 180


def has_unseen(text: str) -> bool:
    """Whether it holds characters that nobody sees, or that turn the reading direction."""
    return any(unicodedata.category(c) in UNSEEN for c in text)


def _each_once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.lower() for tag in tags))


Tags = Annotated[tuple[Tag, ...], Field(max_length=20), AfterValidator(_each_once)]


def safe_name(name: str) -> str:
    """A file's name as every system can keep it: no path, nothing unseen, its extension kept."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in name if unicodedata.category(c) not in UNSEEN)
    name = re.sub(r'[<>:"|?*%;]', "_", " ".join(name.split())).strip(". ")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = extension, ""
    stem = stem.encode()[: NAME_BYTES - len(extension.encode())].decode(errors="ignore").rstrip()
    if not stem or DEVICES.fullmatch(stem.partition(".")[0]):
        stem = f"file {stem}".strip()
    return f"{stem}.{extension.lower()}" if extension else stem
