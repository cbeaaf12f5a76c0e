"""R9: extension, content and the list of kinds must agree."""

import hashlib

import pytest

from services.resources.model import inspect, office
from services.resources.model.content import KINDS, KindNotAccepted, NotWhatItSays
from tests.unit.resources.little_files import (
    ELF,
    EXE,
    GOOD,
    HTML,
    MACRO_WORD,
    OLE,
    SHEET,
    SVG,
    TEXT,
    WORD,
    a_pdf,
    a_png,
    a_zip,
    an_office_file,
    an_open_document,
    content_types,
)


@pytest.mark.parametrize("name", GOOD)
def test_a_file_that_is_what_it_says_is_taken(name: str) -> None:
    found = inspect(name, GOOD[name])
    assert (found.name, found.size) == (name, len(GOOD[name]))
    assert found.sha256 == hashlib.sha256(GOOD[name]).hexdigest()
    assert found.media_type == KINDS[name.rpartition(".")[2]].media_type


def test_every_kind_of_the_list_is_tried() -> None:
    assert set(KINDS) - {name.rpartition(".")[2] for name in GOOD} <= {"markdown"}


BINARY = [name for name in GOOD if not name.endswith((".txt", ".md", ".csv"))]


@pytest.mark.parametrize("claimed", GOOD)
@pytest.mark.parametrize("real", BINARY)
def test_no_kind_passes_for_another(real: str, claimed: str) -> None:
    kinds = {KINDS[name.rpartition(".")[2]].media_type for name in (real, claimed)}
    if len(kinds) == 1 or kinds == {"audio/mp4", "video/mp4"}:
        return  # the same container; players tell by what is inside
    with pytest.raises(NotWhatItSays):
        inspect(claimed, GOOD[real])


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    "program", [EXE, ELF, OLE, b"MZ", b""], ids=["exe", "elf", "ole", "mz", "empty"]
)
def test_a_program_is_refused_under_every_name(name: str, program: bytes) -> None:
    if program == b"MZ" and name.endswith((".txt", ".md", ".csv")):
        return  # two letters are a text
    with pytest.raises(NotWhatItSays):
        inspect(name, program)


@pytest.mark.parametrize("name", GOOD)
def test_a_program_with_a_good_ending_is_refused(name: str) -> None:
    with pytest.raises(NotWhatItSays):
        inspect(name, EXE + GOOD[name])


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("page", [HTML, SVG, b"  \n" + HTML, b"\xef\xbb\xbf" + HTML, b"<a href=x>"])
def test_a_web_page_is_refused_under_every_name(name: str, page: bytes) -> None:
    with pytest.raises(NotWhatItSays):
        inspect(name, page)


@pytest.mark.parametrize(
    "name",
    [
        *[
            "run.exe",
            "page.html",
            "tree.svg",
            "all.zip",
            "old.doc",
            "macro.docm",
            "rich.rtf",
            "app.js",
            "a.pdf.exe",
        ],
        *("no extension", "pdf", ".pdf", "invoice\u202efdp.exe", "a.pdf\u200b.exe"),
    ],
)
def test_a_kind_that_is_not_on_the_list_is_refused(name: str) -> None:
    with pytest.raises(KindNotAccepted) as refusal:
        inspect(name, a_pdf())
    assert "pdf, docx" in refusal.value.detail  # tells what is accepted
    assert refusal.value.extra["errors"] == [{"field": "file", "message": refusal.value.detail}]


def test_the_extension_counts_in_any_case() -> None:
    assert inspect("MINUTES.PDF", a_pdf()).name == "MINUTES.pdf"


@pytest.mark.parametrize(
    "script", [b"#!/bin/sh\nrm -rf ~\n", b"{\\rtf1 x}", b"%!PS-Adobe", b"<?xml version='1.0'?>"]
)
def test_text_that_some_program_would_run_is_refused(script: bytes) -> None:
    with pytest.raises(NotWhatItSays):
        inspect("notes.txt", script)


@pytest.mark.parametrize("text", ["a < b", "<3 all", "Äpfel", "日本語", "1,2\r\n3,4\f", "naïve"])
def test_ordinary_text_is_taken(text: str) -> None:
    assert inspect("notes.txt", text.encode()).media_type == "text/plain"


def test_text_in_utf_16_is_refused_with_the_mend() -> None:
    with pytest.raises(NotWhatItSays, match="UTF-8"):
        inspect("notes.txt", TEXT.decode().encode("utf-16"))


# Office files


def test_a_renamed_sheet_is_no_document() -> None:
    with pytest.raises(NotWhatItSays, match="another kind"):
        inspect("minutes.docx", an_office_file(SHEET))


def test_a_renamed_zip_is_no_document() -> None:
    with pytest.raises(NotWhatItSays, match="no Office document"):
        inspect("minutes.docx", a_zip(("virus.exe", EXE)))
    with pytest.raises(NotWhatItSays, match="another kind"):
        inspect("minutes.odt", a_zip(("virus.exe", EXE)))


@pytest.mark.parametrize(
    "file",
    [
        an_office_file(MACRO_WORD),
        an_office_file(WORD, ("word/vbaProject.bin", OLE)),
        an_office_file(WORD, ("word/activeX/activeX1.bin", OLE)),
        a_zip(
            ("[Content_Types].xml", content_types(WORD, "application/vnd.ms-office.vbaProject")),
            ("word/innocent.bin", OLE),
        ),
        a_zip(
            ("[Content_Types].xml", content_types(WORD, MACRO_WORD.replace("macro", "m&#97;cro"))),
            ("word/document.xml", ""),
        ),
    ],
    ids=["docm", "vba part", "control", "vba under another name", "hidden by an entity"],
)
def test_macros_are_refused(file: bytes) -> None:
    with pytest.raises(NotWhatItSays, match="macros"):
        inspect("minutes.docx", file)


@pytest.mark.parametrize("folder", ["Basic/Standard/Module1.xml", "Scripts/python/x.py"])
def test_macros_of_open_documents_are_refused(folder: str) -> None:
    with pytest.raises(NotWhatItSays, match="macros"):
        inspect("minutes.odt", an_open_document("text", (folder, "Sub Main")))


def test_a_comment_does_not_make_a_document() -> None:
    said = content_types(SHEET, before=f"<!-- {WORD} -->")
    with pytest.raises(NotWhatItSays, match="another kind"):
        inspect("minutes.docx", a_zip(("[Content_Types].xml", said), ("word/document.xml", "")))


def test_an_open_document_says_first_what_it_is() -> None:
    late = a_zip(("content.xml", ""), ("mimetype", "application/vnd.oasis.opendocument.text"))
    with pytest.raises(NotWhatItSays):
        inspect("minutes.odt", late)


def test_two_documents_in_one_file_are_refused() -> None:
    with pytest.raises(NotWhatItSays, match="stands before it"):
        inspect("minutes.docx", an_office_file() + an_office_file())
    twice = an_office_file(WORD, ("WORD/document.xml", "other"))
    with pytest.raises(NotWhatItSays, match="twice"):
        inspect("minutes.docx", twice)


def test_a_part_outside_of_the_archive_is_refused() -> None:
    with pytest.raises(NotWhatItSays, match="outside"):
        inspect("minutes.docx", an_office_file(WORD, ("../../etc/passwd", "x")))


def test_entities_do_not_grow() -> None:
    entities = '<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    bomb = a_zip(
        ("[Content_Types].xml", content_types(WORD, before=entities)), ("word/document.xml", "")
    )
    with pytest.raises(NotWhatItSays, match="entities"):
        inspect("minutes.docx", bomb)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "UNPACKED", 5_000_000)
    bomb = an_office_file(WORD, *((f"word/{n}.bin", bytes(1_000_000)) for n in range(6)))
    assert len(bomb) < 10_000
    with pytest.raises(NotWhatItSays, match="more than 5,000,000 bytes"):
        inspect("a.docx", bomb)


def test_a_list_of_parts_that_unpacks_without_end_is_not_read_to_it() -> None:
    listed = a_zip(("[Content_Types].xml", content_types(WORD) + " " * 5_000_000))
    with pytest.raises(NotWhatItSays, match="too long"):
        inspect("a.docx", listed)


def test_a_long_table_of_contents_is_not_read() -> None:
    with pytest.raises(NotWhatItSays, match="table of contents"):
        inspect("a.docx", an_office_file(WORD, *((f"word/{n:060}.xml", "") for n in range(10_000))))


def test_an_encrypted_part_is_refused() -> None:
    file = bytearray(an_office_file())
    file[file.rfind(b"PK\1\2") + 8] |= 1  # general purpose flag, bit 0
    with pytest.raises(NotWhatItSays, match="encrypted"):
        inspect("minutes.docx", bytes(file))


def test_a_damaged_archive_is_refused_whatever_is_damaged() -> None:
    whole = an_office_file()
    for place in range(len(whole)):
        damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        assert _refused_or_taken("minutes.docx", damaged)
    for length in range(len(whole)):
        with pytest.raises(NotWhatItSays):
            inspect("minutes.docx", whole[:length])


def _refused_or_taken(name: str, content: bytes) -> bool:
    try:
        return bool(inspect(name, content))
    except NotWhatItSays:
        return True


# Two files in one


@pytest.mark.parametrize(
    "name", ["minutes.pdf", "tree.png", "tree.gif", "tree.jpg", "talk.mp3", "talk.mp4"]
)
def test_a_picture_with_a_program_archive_behind_it_is_refused(name: str) -> None:
    jar = a_zip(("META-INF/MANIFEST.MF", "Main-Class: X"), ("X.class", b"\xca\xfe\xba\xbe"))
    with pytest.raises(NotWhatItSays, match="archive"):
        inspect(name, GOOD[name] + jar + (b"%%EOF" if name.endswith("pdf") else b""))


def test_a_pdf_begins_at_its_first_byte_and_ends() -> None:
    with pytest.raises(NotWhatItSays):
        inspect("a.pdf", b"GIF89a" + a_pdf())
    with pytest.raises(NotWhatItSays, match="no end"):
        inspect("a.pdf", a_pdf()[:30])


def test_a_picture_is_not_a_pdf_because_one_follows() -> None:
    with pytest.raises(NotWhatItSays):
        inspect("a.pdf", a_png() + a_pdf())
