"""A mail is sent once, or nobody knows; wherever notifications is killed or stopped while it sends."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from deploy.local.throwaway import throwaway
from shared.types.clock import now
from tests.faults.mail_points import POINTS
from tests.faults.mail_world import MailWorld, a_mail_world
from tests.kernel.world import until
from tests.support.parts import start_parts

CAUGHT = {
    "claimed": 0,
    "recipient-accepted": 0,
    "data-accepted": 0,
    "in-the-body": 0,
    "body-sent": 1,
    "answered": 1,
}
"""Points at which a mail is caught between its claim and the record, and how many mails have left by then."""
KNOWN = {"claimed", "recipient-accepted", "answered"}
"""Points at which the sender itself knows whether the mail has left."""

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
async def started() -> AsyncIterator[MailWorld]:
    """With a Kafka and a MongoDB of its own: notifications under its own name meets no other test's past."""
    with throwaway() as folder, await asyncio.to_thread(start_parts, folder) as parts:
        async with a_mail_world(parts) as one:
            yield one


@pytest.fixture
async def world(started: MailWorld) -> AsyncIterator[MailWorld]:
    yield started
    await started.end()


async def test_a_kill_anywhere_in_a_send_never_brings_a_second_mail(world: MailWorld) -> None:
    await a_kill_at_each_point(world)


async def a_kill_at_each_point(world: MailWorld) -> None:
    """The first use of a world: its mail server is still away."""
    await world.wish(30)
    world.a.start("fan-out-inserted")  # the mail server is away: they all queue
    await world.a.dies()
    world.a.start()
    await world.notices.update_many({"state": "open"}, {"$set": {"lease_until": None}})

    async def queued() -> bool:
        return len(await world.in_state("queued")) == world.wished

    await until(queued, seconds=40)
    assert await world.a.ends() == 0
    await world.receive()

    unknown: dict[str, int] = {}
    for point in [one for one in POINTS if one != "fan-out-inserted"]:
        before = await world.in_state("sending", "delivery-unknown")
        sent = await world.in_state("sent")
        world.a.start(f"{point}:2")
        await world.a.dies()
        caught = await world.in_state("sending", "delivery-unknown") - before
        went = len(await world.in_state("sent") - sent)
        assert len(caught) == (point in CAUGHT), point
        assert went == (2 if point == "recorded" else 1), point
        unknown |= dict.fromkeys(caught, CAUGHT.get(point, 0))

    world.a.start()
    await world.settled()
    assert set(await world.shown_as_unknown(world.a)) == set(unknown)

    later = (now() + timedelta(days=3)).isoformat()
    await world.http.post(f"{world.a.url}/_clock", json={"now": later})
    await world.wish(1)
    await world.settled()
    assert await world.a.ends() == 0

    sent = await world.in_state("sent")
    assert len(sent) + len(unknown) == world.wished
    assert world.arrived() == dict.fromkeys(sent, 1) | {k: n for k, n in unknown.items() if n}


async def test_a_sender_that_sleeps_longer_than_its_lease_is_given_up_and_not_repeated(
    world: MailWorld,
) -> None:
    """A replica beside it goes on with the other mails; then the sleeper wakes up."""
    await a_sender_sleeps(world, "claimed")


async def a_sender_sleeps(world: MailWorld, point: str) -> None:
    """One of two replicas is stopped at a point of a send for longer than its lease."""
    world.a.start(f"{point}:2:SIGSTOP")
    await world.wish(6)
    await world.a.is_stopped()
    [victim] = await world.in_state("sending")
    world.b.start()

    async def given_up() -> bool:
        return victim in await world.in_state("delivery-unknown")

    await until(given_up)
    assert victim in await world.shown_as_unknown(world.b)
    if point == "claimed":  # it may arrive twice then, but this one has not left
        await world.ask(world.b, "POST", f"/deliveries/{victim}/resend")
    await world.settled()

    async def is_known() -> bool:
        return victim in await world.in_state("sent")

    world.a.process.resume()
    await world.wish(2)
    if point in KNOWN:  # the sleeper knows whether it left, and says so; if not, it is sent again
        await until(is_known)
    await world.settled()
    assert await world.a.ends() == await world.b.ends() == 0
    assert victim in await world.in_state("sent", "delivery-unknown")
    assert max(world.arrived().values()) == 1
    assert world.arrived()[victim] == 1
