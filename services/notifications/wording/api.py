"""Words as they are answered: what to do next, and pages for browsers."""

from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from services.notifications.wording.model import Message
from services.notifications.wording.rendering import page

HEADERS = {
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}


class Step(BaseModel):
    """The one thing to do next: what it is called, and where it is done."""

    label: str
    url: str

    @classmethod
    def of(cls, message: Message) -> "Step | None":
        """None where there is nothing to do, or nowhere to do it."""
        if not (message.action_label and message.action_url):
            return None
        return cls(label=message.action_label, url=message.action_url)


def shown(name: str, **values: object) -> HTMLResponse:
    """A page of `pages/`, which no cache keeps, no search engine lists and no script runs on."""
    return HTMLResponse(page(name, **values), headers=HEADERS)
