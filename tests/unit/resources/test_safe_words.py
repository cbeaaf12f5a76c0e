"""Names of files, titles, tags and addresses that people give."""

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.resources.api.content import attachment
from services.resources.model import About, link, safe_name
from services.resources.model.links import UnsafeLink
from services.resources.model.names import NAME_BYTES


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("minutes.pdf", "minutes.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ann\\minutes.PDF", "minutes.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie_ x=1.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("zero\u200bwidth.pdf", "zerowidth.pdf"),
        ('say "hi"; now.pdf', "say _hi__ now.pdf"),
        ("  two   spaces .pdf", "two spaces.pdf"),
        ("CON.pdf", "file CON.pdf"),
        (".pdf", "pdf"),
        ("...", "file"),
        ("", "file"),
        ("é.pdf", "é.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ("日本語.pdf", "日本語.pdf"),
    ],
)
def test_a_name_is_one_that_every_system_can_keep(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept


@given(st.text(max_size=400))
def test_no_name_is_dangerous(name: str) -> None:
    kept = safe_name(name)
    assert kept
    assert not set(kept) & set('/\\\r\n\0"<>:|?*%;\u202e')
    assert kept not in (".", "..")
    assert safe_name(kept) == kept
    headed = attachment(kept)
    assert headed.isascii()
    assert headed.isprintable()
    parsed = Message()
    parsed["content-disposition"] = headed
    assert parsed.get_content_disposition() == "attachment"


def test_a_long_name_is_cut_and_keeps_its_extension() -> None:
    kept = safe_name("ü" * 500 + ".pdf")
    assert kept.endswith("ü.pdf")
    assert len(kept.encode()) <= NAME_BYTES + 1


def test_a_name_that_is_not_ascii_is_told_in_both_ways() -> None:
    assert attachment("Bäume £5.pdf") == (
        "attachment; filename=\"Baume 5.pdf\"; filename*=UTF-8''B%C3%A4ume%20%C2%A35.pdf"
    )
    assert 'filename="file.pdf"' in attachment("日本語.pdf")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://example.org/a/b?c=d#e",
        "http://example.org:8080/x",
        "HTTPS://Example.org/",
        "https://例え.jp/パス",
        "https://[2001:db8::1]/",
        "https://example.org/@ann",
    ],
)
def test_an_address_on_the_web_is_kept_as_it_is_given(url: str) -> None:
    assert link(url).url == url
    assert len(link(url).sha256) == 64


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "ftp://example.org/",
        "//example.org/",
        "https:example.org",
        "https:///example.org",
        "https:/\\example.org",
        "https://good.org\\@evil.org/",
        "https://ann:secret@example.org/",
        "https://ann@example.org/",
        "https://@example.org/",
        "https://example.org/a b",
        "https://example.org/\r\nSet-Cookie: x",
        'https://example.org/"onclick=x',
        "https://example.org/<script>",
        "https://exa\u200bmple.org/",
        "https://example.org/\u202egpj",
        "https://example.org:99999/",
        "https://" + "a" * 2000 + ".org",
    ],
)
def test_an_address_that_may_harm_is_refused(url: str) -> None:
    with pytest.raises(UnsafeLink) as refusal:
        link(url)
    assert refusal.value.status == 422
    assert "secret" not in refusal.value.detail


def test_tags_are_told_once_in_small_letters() -> None:
    assert About(title=" Trauma ", tags=("Care", " care", "Grief")).tags == ("care", "grief")
    assert About(title=" Trauma ").title == "Trauma"


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 201},
        {"title": "a\r\nBcc: eve@example.org"},
        {"title": "a\u202eb"},
        {"title": "a\u2028b"},
        {"title": "x", "description": "x" * 5001},
        {"title": "x", "description": "nul \x00"},
        {"title": "x", "tags": ["a"] * 21},
        {"title": "x", "tags": [""]},
        {"title": "x", "tags": ["a\nb"]},
        {"title": "x", "tags": ["x" * 51]},
    ],
)
def test_words_have_bounds(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        About.model_validate(wrong)


def test_a_description_may_have_lines() -> None:
    assert About(title="x", description="one\r\ntwo\n\tthree").description == "one\ntwo\n\tthree"
