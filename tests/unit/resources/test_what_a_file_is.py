"""R9: extension, content and the list of kinds must agree."""

import hashlib

import pytest

from services.resources.model import inspect
from services.resources.model.content import KINDS, KindNotAccepted, NotWhatItSays
from tests.unit.resources.little_files import (
    ELF,
    EXE,
    GOOD,
    HTML,
    OLE,
    SVG,
    TEXT,
    a_pdf,
    a_png,
    a_zip,
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
