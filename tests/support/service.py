"""Words the tests speak: a service in this process, what happens to it, what it publishes."""

import importlib
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import jwt
from aiokafka import TopicPartition
from cryptography.hazmat.primitives.asymmetric import ec

from shared.consuming.applying import Applier
from shared.consuming.handlers import Chore
from shared.consuming.partition import Partition, watermark
from shared.consuming.record import Record, read_on_topic
from shared.consuming.retrying import retry
from shared.contracts.membership import CommunityStarted, Privacy
from shared.events.cloudevents import Envelope, Origin, read, write
from shared.events.event import EVENTS, Event
from shared.runtime.service import Application
from shared.runtime.service import Service as Wired
from shared.types import clock
from tests.support.scans import Watched, no_scans

ISSUER, AUDIENCE = "https://issuer.test", "copse"
KEY = ec.generate_private_key(ec.SECP256R1())


def jwks() -> str:
    """The public half of the tests' key, as the issuer would publish it."""
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
    return json.dumps({"keys": [public | {"kid": "test", "alg": "ES256", "use": "sig"}]})


def token(person_id: str, *, scopes: tuple[str, ...] = (), key: Any = KEY, **claims: Any) -> str:
    """A token of the tests' issuer; claims given replace its own."""
    moment = datetime.now(tz=clock.now().tzinfo)
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": person_id,
        "iat": moment,
        "exp": moment + timedelta(hours=1),
        "scope": " ".join(scopes),
    }
    return jwt.encode(usual | claims, key, "ES256", headers={"kid": "test"})


def started(community_id: str = "c1", privacy: Privacy = "open", **said: Any) -> CommunityStarted:
    """Fay's community, as membership tells of it."""
    usual = {
        "community_type": "group-leads",
        "name": "Leads",
        "purpose": "",
        "places": ("Leeds",),
        "format": "online",
        "join_policy": "open" if privacy == "open" else "invite",
        "started_by": "fay",
    }
    return CommunityStarted(community_id=community_id, privacy=privacy, **(usual | said))


class Service:
    """A service in this process: real HTTP handling and MongoDB, Kafka in memory."""

    def __init__(self, wired: Wired[Any], app: Application, chores: Sequence[Chore]) -> None:
        self.app = app
        self.on = wired.on
        self.database = app.runtime.database
        self._chores = chores
        self._applier = Applier(wired.on, self.database)
        self._partitions: dict[str, Partition] = {}
        self._sequences: dict[tuple[str, str], int] = {}
        self._offsets = count()
        self._clients: list[httpx2.AsyncClient] = []

    def as_(
        self, person_id: str, *, scopes: tuple[str, ...] = (), **claims: Any
    ) -> httpx2.AsyncClient:
        """A client with a person's token; `name` and `email` are claims."""
        named = {"name": person_id.title(), "email": f"{person_id}@example.org"} | claims
        return self.client(f"Bearer {token(person_id, scopes=scopes, **named)}")

    def client(self, authorization: str | None = None) -> httpx2.AsyncClient:
        """A client with any Authorization header, or none."""
        headers = {"authorization": authorization} if authorization else {}
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://service", headers=headers)
        self._clients.append(client)
        return client

    async def happens(self, *events: Event, at: datetime | None = None) -> None:
        """Facts from elsewhere arrive, in this order, as Kafka would deliver them."""
        for event in events:
            place = (event.topic, event.key)
            self._sequences[place] = self._sequences.get(place, 0) + 1
            record = write(
                event, self._sequences[place], Origin(f"/copse/{event.topic.split('.')[0]}")
            )
            if at:
                record["value"] = json.dumps(
                    json.loads(record["value"]) | {"time": at.isoformat()}
                ).encode()
            await self.arrives(event.topic, event.key.encode(), record["value"], record["headers"])

    async def arrives(
        self, topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        """A raw record arrives; raises what its handler raised."""
        if topic not in self._partitions:
            partition = self._partitions[topic] = Partition(TopicPartition(topic, 0))
            partition.position = await watermark(self.database, partition.tp)
        envelope = read_on_topic(topic, value, headers, self.on.models)
        one = Record(topic, 0, next(self._offsets), key, value, headers, envelope)
        await self._applier.apply(self._partitions[topic], [one])

    async def retry(self, topic: str) -> None:
        """Let what was set aside of a topic and is due be tried again."""
        await retry(self._applier, TopicPartition(topic, 0))

    async def published(self, *kinds: type[Event]) -> list[Any]:
        """Events in the outbox, in the order of each key; of these kinds, if any are named."""
        found = self.database["outbox"].find({}).sort([("at", 1), ("key", 1), ("seq", 1)])
        events = [envelope.data for envelope in await self._envelopes(found)]
        return [event for event in events if not kinds or isinstance(event, kinds)]

    async def _envelopes(self, found: Any) -> list[Envelope[Any]]:
        records = await found.to_list(None)
        read_ = [
            read(bytes(r["value"]), [(n, bytes(t)) for n, t in r["headers"]], EVENTS)
            for r in records
        ]
        return [envelope for envelope in read_ if isinstance(envelope, Envelope)]

    def clock(self, moment: datetime) -> None:
        """Move the clock of this process."""
        clock.set_now(moment)

    async def tick(self) -> None:
        """Let every chore have one turn."""
        for chore in self._chores:
            await chore.work(self.app.runtime)

    async def does(self, chore: str) -> None:
        """Let one chore have its turn."""
        [wanted] = [known for known in self._chores if known.name == chore]
        await wanted.work(self.app.runtime)

    def configure(self, **settings: Any) -> None:
        """From now on some settings are others."""
        runtime = self.app.runtime
        changed = runtime.settings.model_copy(update=settings)
        self.app.runtime = replace(runtime, settings=changed)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def a_service(
    name: str,
    mongo: str,
    folder: Path,
    *,
    module: str = "",
    of: Service | None = None,
    **settings: Any,
) -> AsyncIterator[Service]:
    """A service over a database of its own, or another replica `of` one; the clock is the machine's again afterwards.

    Fails if the service read a whole collection.
    """
    keys = folder / "jwks.json"
    keys.write_text(jwks())
    wired: Wired[Any] = importlib.import_module(module or f"services.{name}.app").service
    told = {"mongo": mongo, "jwks": str(keys), "issuer": ISSUER, "audience": AUDIENCE, **settings}
    database_name = of.database.raw.name if of else f"{name}_{uuid.uuid4().hex[:8]}"
    database = Watched(mongo, database_name, publishes=wired.publishes)
    database.source = f"/copse/{name}"
    app = wired.build(wired.settings(**told), database=database)
    await database.prepare(wired.indexes)
    try:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(no_scans(database.raw))
            chores = [*wired.on.chores]
            for lifespan in wired.on.lifespans:
                chores += await stack.enter_async_context(lifespan(app.runtime))
            service = Service(wired, app, chores)
            stack.push_async_callback(service.close)
            yield service
    finally:
        clock.reset()
        await database.close()
