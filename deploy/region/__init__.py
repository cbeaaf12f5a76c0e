"""A region at work, as its people would write it down, and its way into the services."""

import httpx2

from deploy.local.state import state_folder
from deploy.local.tokens import mint
from deploy.region.client import Doors, Tokens
from deploy.region.data import Person, read
from deploy.region.summary import summarise

TIMEOUT = 15.0  # seconds for one answer


def summary(urls: dict[str, str], tokens: Tokens | None = None) -> list[tuple[str, str]]:
    """Rows for a table: each community with its members, resources and next meeting."""
    with httpx2.Client(timeout=TIMEOUT) as http:
        return summarise(read(), Doors(urls, tokens or minted, http))


def minted(person: Person, scopes: tuple[str, ...]) -> str:
    """A token by the key in the state folder."""
    return mint(state_folder(), person.address, name=person.name, scopes=scopes)
