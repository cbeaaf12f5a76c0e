"""What a file really is, whatever it is called. Extension, content and the list below must agree.

Not on the list, on purpose: archives (what is inside cannot be vouched for), Office files that can
hold macros (.doc, .docm, .rtf …), and what a browser would run (HTML, SVG).
"""

import hashlib
import re
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any, NamedTuple

import puremagic

from services.resources.model import office
from services.resources.model.names import safe_name
from shared.errors import Invalid


class KindNotAccepted(Invalid):
    """Files of this kind are not accepted."""


class NotWhatItSays(Invalid):
    """A file's content is not what its name says."""


class Content(NamedTuple):
    """A file that was looked into."""

    name: str
    media_type: str
    size: int
    sha256: str


class Kind(NamedTuple):
    """A kind of file that is accepted: what puremagic may call it, and a closer look."""

    media_type: str
    sniffed_as: tuple[str, ...]
    wrong: Callable[[bytes], str | None]
    """What is wrong with the content, in words that follow the file's name."""


CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
MARKUP = re.compile(
    r"<(html|head|body|script|style|iframe|svg|title|table|font|div|img|form|link|meta|object|embed"
    r"|h1|br|p|a|b)[\s>/]|<!--|<\?xml|<!doctype|#!|\{\\rtf|%!ps|%pdf|mime-version:",
    re.IGNORECASE,
)
"""How text begins that some program would rather run or draw (WHATWG MIME Sniffing, section 7.1)."""


def _text(content: bytes) -> str | None:
    if CONTROLS.search(content):
        return "holds bytes that are not text; save it as UTF-8 text"
    beginning = content[:2000].decode("utf-8-sig", errors="replace").lstrip()
    if MARKUP.match(beginning):
        return "begins like a web page or a script, not like text"
    return None


def _pdf(content: bytes) -> str | None:
    return _alone(content) or (
        None if b"%%EOF" in content[-2048:] else "has no end; it was not saved or sent whole"
    )


def _alone(content: bytes) -> str | None:
    """One file must not be two: what follows a picture may be an archive that is run as such."""
    return "holds an archive behind its own end" if zipfile.is_zipfile(BytesIO(content)) else None


OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
ZIP = (".zip",)


def _ooxml(name: str) -> Kind:
    return Kind(OOXML + name, ZIP, partial(office.wrong_ooxml, OOXML + name))


def _odf(name: str) -> Kind:
    return Kind(ODF + name, ZIP, partial(office.wrong_odf, ODF + name))


sniffer: Any = puremagic  # it says of few things what type they have
JPEG = Kind("image/jpeg", (".jpg",), _alone)
TEXT = Kind("text/plain", (), _text)
MARKDOWN = Kind("text/markdown", (), _text)
KINDS = {
    "pdf": Kind("application/pdf", (".pdf",), _pdf),
    "docx": _ooxml("wordprocessingml.document"),
    "xlsx": _ooxml("spreadsheetml.sheet"),
    "pptx": _ooxml("presentationml.presentation"),
    "odt": _odf("text"),
    "ods": _odf("spreadsheet"),
    "odp": _odf("presentation"),
    "txt": TEXT,
    "csv": Kind("text/csv", (), _text),
    "md": MARKDOWN,
    "markdown": MARKDOWN,
    "png": Kind("image/png", (".png",), _alone),
    "jpg": JPEG,
    "jpeg": JPEG,
    "gif": Kind("image/gif", (".gif",), _alone),
    "webp": Kind("image/webp", (".webp",), _alone),
    "mp3": Kind("audio/mpeg", (".mp3", ".mpga"), _alone),
    "m4a": Kind("audio/mp4", (".m4a", ".mp4"), _alone),
    "mp4": Kind("video/mp4", (".mp4",), _alone),
}


def inspect(name: str, content: bytes) -> Content:
    """Look into a file. KindNotAccepted, NotWhatItSays; takes some 0.1 s for 25 MB, so use a thread."""
    name = safe_name(name)
    extension = name.rpartition(".")[2] if "." in name else ""
    kind = KINDS.get(extension)
    if kind is None:
        called = f"ends in .{extension[:20]}" if extension else "has no extension"
        raise KindNotAccepted(
            f"Its name {called}. Accepted are {', '.join(KINDS)}; save it as one of these.",
            field="file",
        )
    if fault := _unlike(kind, content) or kind.wrong(content):
        raise NotWhatItSays(f"This .{extension} file {fault}.", field="file")
    digest = hashlib.sha256(content).hexdigest()
    return Content(name=name, media_type=kind.media_type, size=len(content), sha256=digest)


def _unlike(kind: Kind, content: bytes) -> str | None:
    """What speaks against the kind at the content's beginning."""
    if not content:
        return "is empty"
    if not kind.sniffed_as:
        return None  # text has no mark to know it by
    try:
        # What stands at the end alone says nothing: anything can be put behind a program.
        extensions: list[str] = [
            match.extension for match in sniffer.magic_string(content) if match.offset >= 0
        ]
    except puremagic.PureError:
        extensions = []
    if set(extensions) & set(kind.sniffed_as):
        return None
    like = f"like a {extensions[0]} file" if extensions and extensions[0] else "otherwise"
    return f"begins {like}; send it under its own name, if that kind is accepted"
