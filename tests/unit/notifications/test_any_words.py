"""Whatever people and systems write: a message is refused by name, or goes whole, as one mail, with no markup of theirs."""

import email
from collections import Counter
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from email.utils import unquote
from html.parser import HTMLParser
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.notifications.delivery.mail.composing import Headers, compose
from services.notifications.telling.model import Part, Rule, sample
from services.notifications.telling.store import built_in
from services.notifications.wording.model import Message, Template
from services.notifications.wording.model.facts import Facts
from services.notifications.wording.model.words import clean, line
from services.notifications.wording.store import built_in as wording
from shared.errors import Invalid
from shared.icalendar import Address

NASTY = [
    *(
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</title></p><h1>",
        "&lt;b&gt;",
    ),
    *(
        "\r\nBcc: eve@example.org\r\n\r\n",
        "\n.\n",
        "\x00",
        "\u202etxt.exe",
        "🎉" * 40,
        "{{ 7*7 }}{% raw %}",
    ),
    *(
        "=?utf-8?q?x?=",
        "\n--=_mixed\n",
        "\n--=_alternative--\n",
        "javascript:alert(1)",
        "\u2028",
        "\x85",
        "A" * 2_000,
        "From me",
    ),
    *(
        "https://example.org/\"onmouseover='alert(1)'",
        "http://x/<b>",
        "\\",
        "é" * 300,
        "${7*7}",
        "\ufeff",
    ),
]
nasty = st.lists(st.sampled_from(NASTY) | st.text(max_size=20), max_size=4).map("".join)
RULES = sorted(built_in.rules().values(), key=lambda rule: rule.rule_id)
AT = datetime(2030, 4, 9, 13, tzinfo=UTC)
KEPT = frozenset({"starts_at", "ends_at", "zone", "privacy", "status", "links"})
"""What is no free text: times, zones and addresses of our own."""


class Seen(HTMLParser):
    """The tags of a page, where its links lead, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.odd: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += tag not in ("a", "br", "p")  # these a text may have more of
        self.odd += [name for name, _ in attrs if name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def spoken(facts: Any, texts: list[str]) -> Any:
    """Facts whose every free text is another's."""
    if isinstance(facts, Facts):
        changed = {
            name: value if name in KEPT else spoken(value, texts) for name, value in facts.items()
        }
        return type(facts)(facts.called, changed)
    if isinstance(facts, dict):
        return {
            name: value if name in KEPT else spoken(value, texts) for name, value in facts.items()
        }
    if isinstance(facts, str) and facts in ("…", "Somebody"):
        return texts[len(facts) % len(texts)] if len(texts) > 1 else texts[0]
    return facts


def mailed(
    message: Message, name: str = "Ann", sender: str = "Copse", invite: Part | None = None
) -> bytes:
    envelope = Headers(
        sender=Address("copse@example.org", sender),
        recipient=Address("ann@example.org", name),
        message_id="<1@example.org>",
        thread=(),
        reason="You get this because you belong.",
        unsubscribe="https://copse.example.org/unsubscribe/1",
        sent_at=AT,
    )
    return compose(message, envelope, invite)


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def bodies(message: EmailMessage) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in message.iter_parts():
        assert isinstance(part, EmailMessage)
        assert not part.defects
        found[part.get_content_subtype()] = part.get_content().replace("\r\n", "\n")
    return found


def named(raw: bytes, header: str) -> str:
    """The name in an address header. The library's own reader puts blanks between encoded words (RFC 2047, 6.2)."""
    value = email.message_from_bytes(raw, policy=compat32)[header].replace("\r\n", "")
    phrase, found, _ = value.rpartition(" <")
    if not found:
        return ""
    return unquote(phrase) if phrase.startswith('"') else str(make_header(decode_header(phrase)))


def in_words(rule: Rule, texts: list[str]) -> Message | None:
    template: Template = wording.templates()[rule.template]
    context = {name: spoken(facts, texts) for name, facts in sample(rule).items()}
    context["name_of"] = lambda _: texts[0]
    try:
        return template.fill(context)
    except Invalid:
        return None


PLAIN = {rule.rule_id: in_words(rule, ["plain"]) for rule in RULES}


@settings(deadline=None)
@given(rule=st.sampled_from(RULES), texts=st.lists(nasty, min_size=1, max_size=4))
def test_no_words_become_markup_of_a_mail(rule: Rule, texts: list[str]) -> None:
    message, plain = in_words(rule, texts), PLAIN[rule.rule_id]
    assert plain is not None
    if message is None:
        return
    assert "\n" not in message.subject + message.action_url + message.action_label
    seen, as_ever = (Seen(bodies(read(mailed(one)))["html"]) for one in (message, plain))
    assert seen.tags == as_ever.tags
    assert not seen.odd
    assert all(link.startswith(("https://", "http://")) for link in seen.links), seen.links


@settings(deadline=None)
@given(subject=nasty, text=nasty, label=nasty, name=nasty, sender=nasty)
@example(subject="A" * 2_000, text="", label="", name="", sender="")
def test_every_word_of_a_mail_comes_back_as_it_was_written(
    subject: str, text: str, label: str, name: str, sender: str
) -> None:
    message = Message(
        line(subject), clean(text), f"<p>{len(text)}</p>", line(label), "https://x.org/1"
    )
    raw = mailed(message, name, sender)
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert head.lower().count(b"\r\nto: ") == 1
    assert raw.isascii()
    assert max(len(one) for one in raw.split(b"\r\n")) <= 998
    assert b"\r" not in raw.replace(b"\r\n", b"")
    mail = read(raw)
    assert len(mail.get_all("To")) == len(mail.get_all("From")) == len(mail.get_all("Subject")) == 1
    assert str(mail["Subject"]).split() == message.subject.split()
    for header, whose, address in (("To", name, "ann@"), ("From", sender, "copse@")):
        [who] = mail[header].addresses
        assert who.addr_spec == f"{address}example.org"
        assert named(raw, header) == line(whose)[:100].strip()
    found = bodies(mail)
    assert found["plain"].startswith(
        f"{message.text}\n\n{message.action_label}:\nhttps://x.org/1\n"
    )
    assert f"<p>{len(text)}</p>" in found["html"]
    for part in mail.iter_parts():
        assert part["Content-Transfer-Encoding"] == "quoted-printable"


@settings(deadline=None)
@given(text=nasty, subject=nasty)
@example(text="\n--=_mixed\n\nx\n--=_alternative--\n--=_mixed--\n", subject="")
def test_no_words_end_a_part_of_an_invitation(text: str, subject: str) -> None:
    message = Message(line(subject), clean(text), clean(text), "", "https://x.org/1")
    calendar = f"BEGIN:VCALENDAR\r\n{text}".encode(errors="replace")
    mail = read(mailed(message, invite=("REQUEST", calendar)))
    kinds = [part.get_content_type() for part in mail.walk()]
    words = ["text/plain", "text/html", "text/calendar"]
    assert kinds == ["multipart/mixed", "multipart/alternative", *words, "application/ics"]
    assert not any(part.defects for part in mail.walk())
    for part in mail.walk():
        if part.get_content_subtype() in ("calendar", "ics"):
            assert part.get_payload(decode=True) == calendar
