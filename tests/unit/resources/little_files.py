"""Real little files, and some that are not what they say."""

import struct
import zipfile
import zlib
from io import BytesIO

OOXML = "application/vnd.openxmlformats-officedocument."
WORD = OOXML + "wordprocessingml.document.main+xml"
SHEET = OOXML + "spreadsheetml.sheet.main+xml"
SLIDES = OOXML + "presentationml.presentation.main+xml"
MACRO_WORD = "application/vnd.ms-word.document.macroEnabled.main+xml"

EXE = (
    b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + bytes(44) + b"\x80\x00\x00\x00"
)
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00" + bytes(44)
HTML = b"<!DOCTYPE html>\n<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
TEXT = "Notes of the meeting: tea was taken, £5 each.\n".encode()


def a_pdf(text: str = "hello") -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n% " + text.encode() + b"\n"
        b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
    )


def a_zip(*parts: tuple[str, str | bytes], packed: bool = True) -> bytes:
    target, method = BytesIO(), zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts:  # ZipInfo says 1980: the same parts are the same bytes
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def content_types(*kinds: str, before: str = "") -> str:
    overrides = "".join(
        f'<Override PartName="/part{n}.xml" ContentType="{kind}"/>' for n, kind in enumerate(kinds)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<Types '
        'xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def an_office_file(main: str = WORD, *more: tuple[str, str | bytes]) -> bytes:
    return a_zip(
        ("[Content_Types].xml", content_types(main)),
        ("_rels/.rels", "<Relationships/>"),
        ("word/document.xml", "<w:document/>"),
        *more,
    )


def an_open_document(kind: str = "text", *more: tuple[str, str | bytes]) -> bytes:
    return a_zip(
        ("mimetype", f"application/vnd.oasis.opendocument.{kind}"),
        ("content.xml", "<office:document-content/>"),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
        *more,
        packed=False,
    )


def a_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0\xff\xff\xff")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


GOOD = {
    "minutes.pdf": a_pdf(),
    "minutes.docx": an_office_file(),
    "budget.xlsx": an_office_file(SHEET),
    "talk.pptx": an_office_file(SLIDES),
    "minutes.odt": an_open_document(),
    "budget.ods": an_open_document("spreadsheet"),
    "talk.odp": an_open_document("presentation"),
    "notes.txt": TEXT,
    "notes.md": b"# Notes\n\n* one\n",
    "people.csv": "name;fee\nAnn;\xa35\n".encode("cp1252"),
    "tree.png": a_png(),
    "tree.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9",
    "phone.jpeg": b"\xff\xd8\xff\xe1\x00\x18Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xd9",
    "tree.gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00"
    b"\x01\x00\x00\x02\x02D\x01\x00;",
    "tree.webp": b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88"
    b"\x88\xfe\x07\x00",
    "talk.mp3": b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90d" + bytes(413),
    "talk.m4a": b"\x00\x00\x00\x1cftypM4A \x00\x00\x02\x00M4A mp42isom\x00\x00\x00\x08free",
    "talk.mp4": b"\x00\x00\x00\x1cftypisom\x00\x00\x02\x00isomiso2mp41\x00\x00\x00\x08free",
}
"""A file of every kind that is accepted, by its name."""
