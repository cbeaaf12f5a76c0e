"""The services' public doors, as one person uses them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

from deploy.region.data import Person

Tokens = Callable[[Person, tuple[str, ...]], str]
"""Gives a bearer token for a person with these scopes, as the identity provider would."""
PATIENCE = 60.0
"""Seconds until a fact has come to a service that hears of it by events."""
NOT_YET = (403, 404)
"""What a service answers of a community or a member it has not heard of yet."""


class RequestFailed(Exception):
    """A request that was refused or not answered: which, and why."""


@dataclass(frozen=True)
class Doors:
    """Where the services are, and who vouches for people."""

    urls: Mapping[str, str]
    tokens: Tokens
    http: httpx2.Client
    patience: float = PATIENCE

    def for_(self, person: Person, *scopes: str) -> "Caller":
        return Caller(self, person.name, self.tokens(person, scopes))


@dataclass(frozen=True)
class Caller:
    """One person in front of the services."""

    doors: Doors
    name: str
    token: str

    def find(self, service: str, *path: str, **query: str) -> dict[str, Any] | None:
        """What stands there; None if there is nothing, or nothing for this person."""
        reply = self._ask("GET", service, path, params=query)
        return None if reply.status_code in NOT_YET else self._told(reply)

    def every(self, service: str, *path: str, **query: str) -> list[dict[str, Any]]:
        """Every page of a list; [] if there is none for this person."""
        items: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while page := self.find(service, *path, limit="200", **query, **after):
            items += page["items"]
            if page["next"] is None:
                break
            after = {"cursor": page["next"]}
        return items

    def await_(
        self,
        service: str,
        *path: str,
        until: Callable[[dict[str, Any]], bool] = bool,
        **query: str,
    ) -> dict[str, Any]:
        """What stands there, as soon as the service has heard of it."""
        return self._patiently("GET", service, path, until, params=query)

    def do(self, method: str, service: str, *path: str, **content: Any) -> dict[str, Any]:
        """A command, answered. RequestFailed if it was refused."""
        return self._told(self._ask(method, service, path, **content))

    def insist(self, method: str, service: str, *path: str, **content: Any) -> dict[str, Any]:
        """A command to a service that may first have to hear of the community or of the person in it."""
        return self._patiently(method, service, path, bool, **content)

    def _patiently(
        self,
        method: str,
        service: str,
        path: tuple[str, ...],
        enough: Callable[[dict[str, Any]], bool],
        **content: Any,
    ) -> dict[str, Any]:
        ends, pause = time.monotonic() + self.doors.patience, 0.05
        while True:
            reply = self._ask(method, service, path, **content)
            if reply.status_code not in NOT_YET and enough(told := self._told(reply)):
                return told
            if time.monotonic() > ends:
                why = f"The last of many answers in {self.doors.patience:.0f} s"
                raise RequestFailed(f"{self._in_words(reply)} ({why}.)")
            time.sleep(pause)
            pause = min(pause * 1.5, 1)

    def _ask(
        self, method: str, service: str, path: tuple[str, ...], **content: Any
    ) -> httpx2.Response:
        url = "/".join(
            [self.doors.urls[service].rstrip("/"), *(quote(one, safe="") for one in path)]
        )
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            return self.doors.http.request(method, url, headers=headers, **content)
        except httpx2.HTTPError as error:
            raise RequestFailed(f"{method} {url} as {self.name}: no answer: {error!r}.") from error

    def _told(self, reply: httpx2.Response) -> dict[str, Any]:
        if reply.is_success:
            return reply.json() if reply.content else {}
        raise RequestFailed(self._in_words(reply))

    def _in_words(self, reply: httpx2.Response) -> str:
        try:
            said = reply.json()
            why = " ".join(str(said[word]) for word in ("title", "detail") if said.get(word))
        except (ValueError, AttributeError):
            why = reply.text[:500]
        request = reply.request
        return f"{request.method} {request.url} as {self.name}: {reply.status_code}. {why}"
