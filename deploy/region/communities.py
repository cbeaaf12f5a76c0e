"""Which of the communities that exist is the one that is meant, and who of ours belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from deploy.region.client import Caller
from deploy.region.data import Community


@dataclass(frozen=True)
class Found:
    id: str
    name: str
    started_at: str
    members: int

    @classmethod
    def of(cls, page: dict[str, Any]) -> Self:
        return cls(page["community_id"], page["name"], page["started_at"], page["members"])


def find(wanted: Community, operator: Caller) -> Found | None:
    """By its name; one that was renamed since, by its type and places."""
    pages = operator.every("membership", "communities", type=wanted.type)
    same_name = [page for page in pages if page["name"] == wanted.name]
    same_places = [page for page in pages if tuple(page["places"]) == wanted.places]
    return next((Found.of(page) for page in [*same_name, *same_places]), None)


def belongs(someone: Caller, found: Found) -> bool:
    page = someone.find("membership", "communities", found.id)
    return page is not None and page.get("my_status") == "active"


def insider(wanted: Community, found: Found, callers: Mapping[str, Caller]) -> Caller | None:
    """Somebody who belongs, if anybody still does whom the files name."""
    named = (callers[person] for person in wanted.insiders)
    return next((one for one in named if belongs(one, found)), None)
