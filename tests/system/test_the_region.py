"""What `make up` loads: once, however often it is loaded and wherever it was cut off."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from deploy.local.system import System
from deploy.local.throwaway import throwaway
from deploy.local.tokens import mint
from deploy.region.client import Doors
from deploy.region.data import Person, read
from deploy.region.load import load
from deploy.region.summary import summarise
from tests.support.parts import COMPOSE, chosen, start_system

REGION = read()


class CutOff(Exception):
    """The loader ended between two commands."""


class Cutting(httpx2.BaseTransport):
    """Carries so many commands; the last of them is done, and its answer never read."""

    def __init__(self, commands: int) -> None:
        self._left = commands
        self._real = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._real.handle_request(request)
        self._left -= request.method != "GET"
        if self._left < 0:
            raise CutOff
        return response

    def close(self) -> None:
        self._real.close()


def loading(system: System, folder: Path) -> Callable[..., list[str]]:
    """Loads the region and returns what was told of it."""

    def tokens(person: Person, scopes: tuple[str, ...]) -> str:
        return mint(folder, person.address, name=person.name, scopes=scopes)

    def run(commands: int = 10_000) -> list[str]:
        told: list[str] = []
        with httpx2.Client(transport=Cutting(commands), timeout=30) as http:
            load(REGION, Doors(system.urls, tokens, http), system.parts.kafka, told.append)
            told += [": ".join(row) for row in summarise(REGION, Doors(system.urls, tokens, http))]
        return told

    return run


def mails(system: System) -> Counter[tuple[str, str]]:
    """Who got which mail, and how often, once no more of them come."""
    found, before = [], [None]
    while found != before:
        time.sleep(2)
        reply = httpx2.get(f"{system.parts.mailbox}/api/v1/messages", params={"limit": 1000})
        found, before = reply.json()["messages"], found
    return Counter((one["To"][0]["Address"], one["Subject"]) for one in found)


@pytest.mark.timeout(400)
@pytest.mark.skipif(chosen() == COMPOSE, reason="needs a system that is still empty")
def test_a_region_is_completed_after_any_cut_and_never_doubled():
    with throwaway() as folder, start_system(folder) as system:
        load_region = loading(system, folder)
        cuts = 0
        for commands in range(10, 1000, 2):
            try:
                load_region(commands)
                break
            except CutOff:
                cuts += 1
        assert cuts >= 5

        again = load_region()
        for community in REGION.communities.values():
            assert f"  {community.name}: as it was" in again
            row = next(line for line in again if line.startswith(f"{community.name}: "))
            assert f"{len(community.insiders)} members" in row
            assert f"{len(community.resources)} resources" in row
            assert "meets " in row

        found = mails(system)
        assert set(found.values()) == {1}
        kinds = Counter(subject for _, subject in found)
        for community in REGION.communities.values():
            assert kinds[f"Welcome to {community.name}"] == len(community.insiders)
            [told] = [kind for kind in kinds if kind.startswith(f"{community.name} meets every")]
            assert kinds[told] == len(community.insiders)
            for resource in community.resources:
                told = f"New in {community.name}: {resource.title}"
                assert kinds[told] == len(community.insiders) - 1
        for announcement in REGION.news.announcements:
            assert kinds[announcement.subject] == len(REGION.people)
