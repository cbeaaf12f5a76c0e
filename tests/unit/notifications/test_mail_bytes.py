"""What a mail is on the wire, whatever people are called and templates say."""

import email
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

import icalendar
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.delivery.mail.composing import Headers, compose
from services.notifications.wording.model import Message, paragraphs
from services.notifications.wording.model.words import words
from shared.icalendar import Address, Entry, cancellation, invitation

AT = datetime(2030, 4, 9, 13, tzinfo=UTC)
LONG = "https://copse.example.org/a/rather/long/way/to/notifications/unsubscribe/" + "x" * 60
anything = st.text(max_size=200)


def a_message(**fields: Any) -> Message:
    usual = {
        "subject": "Practice hour",
        "text": "Hello Ann,\n\nnews.",
        "html": "<p>Hello Ann,</p>",
        "action_label": "Read it",
        "action_url": "https://copse.example.org/messages/1",
    }
    return Message(**(usual | fields))


def an_envelope(**fields: Any) -> Headers:
    usual = {
        "sender": Address("copse@copse.example", "Copse"),
        "recipient": Address("ann@example.org", "Ann"),
        "message_id": "<1@copse.example>",
        "thread": (),
        "reason": "You get this because you belong.",
        "unsubscribe": LONG,
        "sent_at": AT,
    }
    return Headers(**(usual | fields))


ENTRY = Entry(
    uid="m1@copse",
    revision=3,
    title="Practice hour",
    starts_at=AT,
    ends_at=AT + timedelta(hours=1),
    zone="Europe/London",
    status="confirmed",
    updated_at=AT,
)
ORGANIZER, ANN = Address("copse@copse.example", "Copse"), Address("ann@example.org", "Ann")


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def structure(message: EmailMessage) -> Any:
    """Content types as nested lists."""
    kind = message.get_content_type()
    if not message.is_multipart():
        return kind
    return [kind, *(structure(part) for part in message.iter_parts())]  # type: ignore[arg-type]


def header_names(raw: bytes) -> list[str]:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0].lower() for line in head.split("\r\n") if line[0] not in " \t"]


def test_a_message_has_a_text_and_an_html_part() -> None:
    message = read(compose(a_message(), an_envelope()))
    assert structure(message) == ["multipart/alternative", "text/plain", "text/html"]


def test_an_invitation_offers_accept_and_decline() -> None:
    calendar = invitation(ENTRY, organizer=ORGANIZER, attendee=ANN)
    raw = compose(a_message(), an_envelope(), ("REQUEST", calendar))
    message = read(raw)
    assert structure(message) == [
        "multipart/mixed",
        ["multipart/alternative", "text/plain", "text/html", "text/calendar"],
        "application/ics",
    ]
    assert re.search(rb"\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n", raw)
    [part] = [p for p in message.walk() if p.get_content_type() == "text/calendar"]
    [file] = message.iter_attachments()
    assert part.get_payload(decode=True) == file.get_payload(decode=True) == calendar
    assert file.get_filename() == "invite.ics"
    found = icalendar.Calendar.from_ical(calendar)
    [event] = found.walk("VEVENT")
    assert (found["METHOD"], event["SEQUENCE"], event["UID"]) == ("REQUEST", 3, "m1@copse")
    assert str(event["ORGANIZER"]) == f"mailto:{message['From'].addresses[0].addr_spec}"
    assert str(event["ATTENDEE"]) == f"mailto:{message['To'].addresses[0].addr_spec}"


def test_a_cancellation_says_cancel_in_both_places() -> None:
    calendar = cancellation(ENTRY, organizer=ORGANIZER, attendee=ANN)
    raw = compose(a_message(), an_envelope(), ("CANCEL", calendar))
    assert b"text/calendar; charset=utf-8; method=CANCEL" in raw
    assert icalendar.Calendar.from_ical(calendar)["METHOD"] == "CANCEL"


def test_a_long_unsubscribe_link_stays_on_its_line() -> None:
    raw = compose(a_message(), an_envelope())
    assert f"\r\nList-Unsubscribe: <{LONG}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_mails_about_one_thing_stand_in_one_thread() -> None:
    message = read(compose(a_message(), an_envelope(thread=("<a@x>", "<b@x>"))))
    assert message["In-Reply-To"] == "<b@x>"
    assert message["References"] == "<a@x> <b@x>"


def test_a_thread_of_many_mails_keeps_its_first_and_its_last() -> None:
    thread = tuple(f"<{n}@x>" for n in range(50))
    references = read(compose(a_message(), an_envelope(thread=thread)))["References"].split()
    assert references == [thread[0], *thread[-9:]]


def test_every_mail_says_that_a_program_wrote_it_and_in_which_trace() -> None:
    message = read(compose(a_message(), an_envelope(traceparent="00-abc-def-01")))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["traceparent"] == "00-abc-def-01"


def test_a_name_with_an_umlaut_arrives_as_it_is() -> None:
    message = read(
        compose(a_message(), an_envelope(recipient=Address("z@x.org", "Zoë, “Z” Ó Hara")))
    )
    assert message["To"].addresses[0].display_name == "Zoë, “Z” Ó Hara"


@settings(deadline=None)
@given(text=anything)
def test_words_arrive_as_they_were_written(text: str) -> None:
    said = words("{{ text }}", {"text": f"{text} \n.\n..\n--\nFrom here = {'long ' * 60}ü"})
    [body, _] = read(compose(a_message(text=said), an_envelope())).iter_parts()
    assert isinstance(body, EmailMessage)
    arrived = body.get_content()
    assert arrived.replace("\r\n", "\n").startswith(said + "\n\nRead it:\n")


def test_text_that_looks_encoded_is_not_decoded() -> None:
    message = read(compose(a_message(subject="=?utf-8?q?free?= money"), an_envelope()))
    assert message["Subject"] == "=?utf-8?q?free?= money"


@settings(deadline=None)
@given(subject=anything, name=anything, text=anything, label=anything)
def test_nobodys_words_ever_begin_a_header(subject: str, name: str, text: str, label: str) -> None:
    mine = "\r\nBcc: eve@example.org\r\n\r\n"
    raw = compose(
        a_message(
            subject=mine + subject + mine,
            text=text.encode(errors="replace").decode(),
            html=paragraphs(text.encode(errors="replace").decode()),
            action_label=label.encode(errors="replace").decode(),
        ),
        an_envelope(recipient=Address("ann@example.org", name + mine + name)),
    )
    plain = compose(a_message(), an_envelope())
    assert header_names(raw) == header_names(plain)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    head = raw.partition(b"\r\n\r\n")[0]
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?\w\?[^?]*\?=", head))
    read(raw)
