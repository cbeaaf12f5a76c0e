"""The text and the pages that people see: a message with what it asks for and why it came, and what its links open."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.notifications.wording.model import Message

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,  # else it looks at the file for every mail
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(name: str, **values: object) -> str:
    """A page of `pages/` with its values; everything is escaped that is not marked as HTML."""
    return _PAGES.get_template(f"{name}.html").render(values)


def plain(message: Message, reason: str, unsubscribe: str) -> str:
    """A message as text, with what it asks for and why it came."""
    return (
        f"{message.text}\n\n"
        f"{message.action_label}:\n{message.action_url}\n\n"
        f"-- \n{reason}\n"
        f"No more of these mails: {unsubscribe}\n"
    )


def html(message: Message, reason: str, unsubscribe: str) -> str:
    """A message as HTML, with what it asks for and why it came."""
    return page(
        "mail",
        subject=message.subject,
        body=Markup(message.html),  # noqa: S704 - filled in with escaping on, or made from text
        action_label=message.action_label,
        action_url=message.action_url,
        reason=reason,
        unsubscribe=unsubscribe,
    )
