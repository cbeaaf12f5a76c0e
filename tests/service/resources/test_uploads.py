"""R9: what is refused is not kept, and what is served cannot run."""

from typing import Any

from tests.service.resources.uploading import nothing_is_kept, uploads
from tests.support.service import Service
from tests.unit.resources.little_files import ELF, EXE, HTML, SVG, a_pdf, a_zip, an_office_file

NOT_TAKEN = [
    ("setup.exe", EXE, "kind-not-accepted"),
    ("minutes.pdf", EXE, "not-what-it-says"),
    ("minutes.docx", ELF, "not-what-it-says"),
    ("minutes.docx", a_zip(("setup.exe", EXE)), "not-what-it-says"),
    ("notes.txt", HTML, "not-what-it-says"),
    ("page.html", HTML, "kind-not-accepted"),
    ("tree.svg", SVG, "kind-not-accepted"),
    ("tree.png", SVG, "not-what-it-says"),
    ("minutes.pdf\u202e.exe", a_pdf(), "kind-not-accepted"),
    ("minutes.pdf", b"", "not-what-it-says"),
]


async def test_what_is_not_what_it_says_is_refused_and_not_kept(region: Service) -> None:
    for name, content, problem in NOT_TAKEN:
        reply = await uploads(region.as_("ann"), name, content)
        assert reply.status_code == 422, reply.text
        assert reply.json()["type"] == f"urn:copse:problem:{problem}"
        assert [error["field"] for error in reply.json()["errors"]] == ["file"]
    assert await nothing_is_kept(region)


async def test_a_new_version_is_looked_into_as_well(region: Service) -> None:
    ann = region.as_("ann")
    here = (await uploads(ann, "a.pdf", a_pdf())).headers["location"]
    reply = await ann.post(f"{here}/versions/file", files={"file": ("a.pdf", EXE)})
    assert reply.status_code == 422
    assert (await ann.get(here)).json()["version"] == 1
    assert await region.database["fs.files"].count_documents({}) == 1


async def test_a_file_over_the_limit_is_refused_and_not_kept(region: Service) -> None:
    region.configure(file_limit=1000)
    ann = region.as_("ann")
    reply = await uploads(ann, "a.pdf", a_pdf("x" * 1000))
    assert reply.status_code == 413
    assert reply.json()["type"] == "urn:copse:problem:file-too-large"
    assert "1,000 bytes" in reply.json()["detail"]
    assert await nothing_is_kept(region)
    assert (await uploads(ann, "a.pdf", a_pdf("x" * 500))).status_code == 201


async def test_a_file_of_the_limit_is_taken_and_the_usual_limit_is_25_mb(region: Service) -> None:
    ann, whole = region.as_("ann"), a_pdf()
    limit = region.app.runtime.settings.file_limit
    assert limit == 25_000_000
    most = a_pdf("x" * (limit - len(whole) + len("hello")))
    assert len(most) == limit
    reply = await uploads(ann, "a.pdf", most)
    assert reply.status_code == 201, reply.text
    assert (await ann.get(reply.headers["location"] + "/content")).content == most
    over = await uploads(ann, "a.pdf", a_pdf("x" * limit))
    assert over.status_code == 413
    kernel = await uploads(ann, "a.pdf", bytes(31_000_000))
    assert (kernel.status_code, kernel.json()["type"]) == (413, "urn:copse:problem:too-large")
    assert await region.database["fs.files"].count_documents({}) == 1


async def test_a_10_mb_body_is_no_link(region: Service) -> None:
    link = {"url": "https://example.org/", "title": "x", "description": "x" * 10_000_000}
    reply = await region.as_("ann").post("/communities/open/links", json=link)
    assert reply.status_code == 413
    assert await nothing_is_kept(region)


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


async def test_a_file_is_saved_and_never_shown_by_the_browser(region: Service) -> None:
    ann = region.as_("ann")
    for name, content, media_type in (
        ("minutes.pdf", a_pdf(), "application/pdf"),
        ("notes.txt", b"hello", "text/plain"),
        ("minutes.docx", an_office_file(), WORD),
    ):
        here = (await uploads(ann, name, content)).headers["location"]
        got = await ann.get(f"{here}/content")
        assert got.headers["content-type"] == media_type
        assert got.headers["content-disposition"].startswith(f'attachment; filename="{name}"; ')
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]
        assert got.headers["cache-control"] == "private, no-cache"
        assert int(got.headers["content-length"]) == len(content)
        again = await ann.get(f"{here}/content", headers={"if-none-match": got.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_a_name_breaks_no_header(region: Service) -> None:
    ann = region.as_("ann")
    body = (
        b"--b\r\ncontent-disposition: form-data; name=title\r\n\r\nx\r\n--b\r\n"
        b'content-disposition: form-data; name=file; filename="../a%0d%0aX-Evil: 1\\";\xe2\x80\xae.pdf"'
        b"\r\n\r\n" + a_pdf() + b"\r\n--b--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    reply = await ann.post("/communities/open/files", content=body, headers=headers)
    assert reply.status_code == 201, reply.text
    got = await ann.get(f"{reply.headers['location']}/content")
    assert "x-evil" not in got.headers
    disposition = got.headers["content-disposition"]
    assert disposition.count('"') == 2
    assert not set(disposition) & set("\r\n/\\")
    assert "%E2%80%AE" not in disposition


WRONG_WORDS: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "title"),
    ({"title": "a\r\nBcc: eve@example.org"}, "title"),
    ({"title": "x" * 201}, "title"),
    ({"description": "x" * 5001}, "description"),
    ({"tags": ["a\nb"]}, "tags.0"),
    ({"tags": ["a"] * 21}, "tags"),
]


async def test_words_about_a_file_have_bounds(region: Service) -> None:
    for wrong, field in WRONG_WORDS:
        reply = await uploads(region.as_("ann"), "a.pdf", a_pdf(), **wrong)
        assert reply.status_code == 422
        assert [error["field"] for error in reply.json()["errors"]] == [field]
    assert await nothing_is_kept(region)


async def test_an_upload_without_a_file_or_in_another_form_is_refused(region: Service) -> None:
    ann = region.as_("ann")
    path = "/communities/open/files"
    form = {"content-type": "multipart/form-data; boundary=b"}
    for reply in (
        await ann.post(path, data={"title": "x"}),
        await ann.post(path, json={"title": "x"}),
        await ann.post(path, data={"title": "x", "file": "not a file"}),
        await ann.post(path, content=b"--b\r\nnonsense", headers=form),
        await ann.post(path, content=b"", headers=form),
        await ann.post(path, content=b"x", headers={"content-type": "multipart/form-data"}),
    ):
        assert reply.status_code in (400, 422), reply.text
        assert reply.headers["content-type"] == "application/problem+json"
    assert await nothing_is_kept(region)
