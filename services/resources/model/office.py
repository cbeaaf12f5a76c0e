"""What stands inside the zip of an Office file: the document it says it is, and no macros."""

import re
import zipfile
import zlib
from io import BytesIO
from xml.parsers import expat

UNPACKED = 500_000_000
"""Bytes all parts may have together; more is a bomb, or no document."""
DIRECTORY = 1_000_000
PART = 1_000_000
RUNS = re.compile("macro|vbaproject|activex", re.IGNORECASE)
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)


def wrong_ooxml(media_type: str, content: bytes) -> str | None:
    """What speaks against a .docx, .xlsx or .pptx (ECMA-376, part 2); None if nothing does."""
    try:
        archive = _opened(content)
        types = _content_types(archive)
    except KeyError:
        return "holds no Office document"
    except BROKEN as error:
        return f"cannot be unpacked ({error})"
    if any(RUNS.search(text) for text in (*types, *archive.namelist())):
        return "holds macros or controls; save it without them"
    if media_type + ".main+xml" not in types:
        return "holds another kind of document"
    return None


def wrong_odf(media_type: str, content: bytes) -> str | None:
    """What speaks against a .odt, .ods or .odp (OpenDocument 1.3, part 2, 3.3); None if nothing does."""
    try:
        archive = _opened(content)
        first = archive.infolist()[0]
        declared = (
            archive.read(first) if first.filename == "mimetype" and first.file_size < 100 else b""
        )
    except BROKEN as error:
        return f"cannot be unpacked ({error})"
    if declared != media_type.encode():
        return "holds another kind of document"
    if any(name.startswith(("Basic/", "Scripts/")) for name in archive.namelist()):
        return "holds macros; save it without them"
    return None


def _opened(content: bytes) -> zipfile.ZipFile:
    """The zip, if every program reads the same from it. Looks at sizes before it reads anything."""
    end = content.rfind(b"PK\5\6")
    directory = int.from_bytes(content[end + 12 : end + 16], "little")
    if end < 0 or directory > DIRECTORY or content[max(0, end - 20) : end].startswith(b"PK\6\7"):
        raise zipfile.BadZipFile("its table of contents is missing or too long")
    archive = zipfile.ZipFile(BytesIO(content))
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if not parts or parts[0].header_offset != 0 or len(names) < len(parts):
        raise zipfile.BadZipFile("something stands before it, or a part stands twice")
    if any(part.flag_bits & 1 for part in parts):
        raise zipfile.BadZipFile("a part is encrypted")
    if sum(part.file_size for part in parts) > UNPACKED:
        raise zipfile.BadZipFile(f"it has more than {UNPACKED:,} bytes")
    if any(name.startswith("/") or ".." in name.split("/") for name in names):
        raise zipfile.BadZipFile("a part stands outside it")
    return archive


def _content_types(archive: zipfile.ZipFile) -> list[str]:
    """The media types and names of all parts, from `[Content_Types].xml`. KeyError without one."""
    with archive.open("[Content_Types].xml") as part:
        text = part.read(PART + 1)
    if len(text) > PART:
        raise ValueError("its list of parts is too long")
    types: list[str] = []

    def element(_name: str, attributes: dict[str, str]) -> None:
        types.append(attributes.get("ContentType", ""))
        types.append(attributes.get("PartName", ""))

    def doctype(*_: object) -> None:
        raise ValueError("its list of parts declares entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(text, True)
    return types
