"""Office files are archives: what is in them is looked at, and never unpacked without end."""

import pytest

from services.resources.model import inspect, office
from services.resources.model.content import NotWhatItSays
from tests.unit.resources.little_files import (
    EXE,
    MACRO_WORD,
    OLE,
    SHEET,
    WORD,
    a_zip,
    an_office_file,
    an_open_document,
    content_types,
)


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
