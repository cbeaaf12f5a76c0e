"""The local mailbox: what tests read of it, and what a mail may not do to it."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from deploy.local.mailbox import api, pages
from deploy.local.mailbox.invitation import invitation
from deploy.local.mailbox.kept import Mailbox


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path)


@pytest.fixture
def web(mailbox: Mailbox) -> TestClient:
    app = FastAPI()
    app.state.mailbox = mailbox
    app.include_router(api.router)
    app.include_router(pages.router)
    return TestClient(app)


def a_mail(
    to: str = "ann@example.org", subject: str = "Welcome", text: str = "Hello"
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Copse <copse@example.org>", to, subject
    mail.set_content(text)
    return mail


def arrives(mailbox: Mailbox, mail: EmailMessage | bytes, *recipients: str) -> str:
    content = mail if isinstance(mail, bytes) else mail.as_bytes()
    return mailbox.keep(content, "copse@example.org", recipients or ["ann@example.org"]).id


def subjects(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [mail["Subject"] for mail in answer["messages"]]


def test_the_newest_mail_comes_first(mailbox: Mailbox, web: TestClient):
    for subject in ("one", "two", "three"):
        arrives(mailbox, a_mail(subject=subject))
    assert subjects(web.get("/api/v1/messages").json()) == ["three", "two", "one"]
    assert subjects(web.get("/api/v1/messages?start=1&limit=1").json()) == ["two"]


def test_a_search_finds_one_persons_mails(mailbox: Mailbox, web: TestClient):
    arrives(mailbox, a_mail("Ann <ann@example.org>"))
    arrives(mailbox, a_mail("joann@example.org"), "joann@example.org")
    for query in (
        "to:ann@example.org",
        'to:"Ann@Example.org"',
        "to:ann@example.org subject:welcome",
    ):
        assert web.get("/api/v1/search", params={"query": query}).json()["messages_count"] == 1


def test_a_search_it_does_not_understand_is_refused(web: TestClient):
    assert web.get("/api/v1/search?query=welcome").status_code == 400


def test_a_blind_copy_is_found_though_the_mail_does_not_name_it(mailbox: Mailbox, web: TestClient):
    mail_id = arrives(mailbox, a_mail(), "ann@example.org", "bob@example.org")
    assert web.get("/api/v1/search?query=to:bob@example.org").json()["messages"][0]["ID"] == mail_id


def test_mails_are_still_there_after_a_restart(mailbox: Mailbox, tmp_path: Path):
    mail_id = arrives(mailbox, a_mail())
    again = Mailbox(tmp_path).get(mail_id)
    assert again
    assert again.subject == "Welcome"


def test_deleted_mails_are_gone(mailbox: Mailbox, web: TestClient, tmp_path: Path):
    mail_id = arrives(mailbox, a_mail())
    assert web.delete("/api/v1/messages").text == "ok"
    assert web.get(f"/api/v1/message/{mail_id}").status_code == 404
    assert len(Mailbox(tmp_path)) == 0


def test_a_mail_cannot_write_into_the_page(mailbox: Mailbox, web: TestClient):
    mail = a_mail('"<script>" <ann@example.org>', "<script>alert(1)</script>", "<script>")
    mail.add_attachment(b"x", maintype="text", subtype="html", filename='"><script>.html')
    mail_id = arrives(mailbox, mail)
    for page in ("/", f"/mail/{mail_id}"):
        shown = web.get(page)
        assert "<script>" not in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]


def test_html_is_shown_without_scripts_or_pictures_from_elsewhere(
    mailbox: Mailbox, web: TestClient
):
    mail = a_mail()
    mail.add_alternative("<script>alert(1)</script>", subtype="html")
    policy = web.get(f"/mail/{arrives(mailbox, mail)}/html").headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        # as Python itself splits a long name
        (
            "=?utf-8?b?0J7Qu9C10L3QsCAoT2xlbmEgUw==?=\r\n =?utf-8?b?aGV2Y2hlbmtvKQ==?=",
            "Олена (Olena Shevchenko)",
        ),
        ("=?utf-8?q?Pe=C3=B1a=2C_Jos=C3=A9?=", "Peña, José"),
        ('"O\'Hara, Marcus"', "O'Hara, Marcus"),
        ("=?nonsense?q?Ann?=", "=?nonsense?q?Ann?="),
        ("=?utf-8?b?A?=", "=?utf-8?b?A?="),
    ],
)
def test_a_recipients_name_is_shown_as_it_was_meant(
    mailbox: Mailbox, web: TestClient, sent: str, name: str
):
    mail_id = arrives(mailbox, f"To: {sent} <ann@example.org>\r\n\r\nx".encode())
    told = web.get(f"/api/v1/message/{mail_id}").json()
    assert told["To"] == [{"Name": name, "Address": "ann@example.org"}]
    assert told["Bcc"] == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header at all",
        b"From: \xff <\r\nTo: a@\r\nMessage-ID: <<[]@\r\nSubject: =?x?q?=ff?= \xff\r\n\r\n\xff",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/calendar\r\n\r\nBEGIN:",
    ],
)
def test_a_malformed_mail_is_shown_all_the_same(mailbox: Mailbox, web: TestClient, content: bytes):
    mail_id = arrives(mailbox, content)
    for path in (
        "/",
        f"/mail/{mail_id}",
        f"/mail/{mail_id}/html",
        "/api/v1/messages",
        f"/api/v1/message/{mail_id}",
    ):
        assert web.get(path).status_code == 200
    assert web.get(f"/api/v1/message/{mail_id}/raw").content.endswith(content)


def test_an_invitation_is_read_aloud():
    rows = invitation(
        "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nBEGIN:VEVENT\r\nSUMMARY:Talk\r\nSEQUENCE:2\r\n"
        "DTSTART;TZID=Europe/London:20260310T140000\r\n"
        "ATTENDEE;CN=Ann;PARTSTAT=NEEDS-ACTION:mailto:ann@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert rows == [
        ("What", "Talk (CANCEL)"),
        ("Starts", "Tuesday 10 March 2026, 14:00 Europe/London"),
        ("Invited", "Ann <ann@example.org>, needs-action"),
        ("Sequence", "2"),
    ]
