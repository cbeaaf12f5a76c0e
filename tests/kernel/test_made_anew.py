"""A topic that was deleted and made anew holds less than was applied of it: its service is not ready, and names it."""

import httpx2
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.kernel.test_lag import deposit
from tests.kernel.world import PARTITIONS, World, until


async def test_a_topic_made_anew_is_named_by_readyz(world: World) -> None:
    world.start()
    await world.ready()
    await world.publish([deposit(world)])
    await world.drained()
    world.kill()
    admin = AIOKafkaAdminClient(bootstrap_servers=world.parts.kafka)
    await admin.start()
    await admin.delete_topics([world.topic])

    async def is_there_again() -> bool:
        try:
            await admin.create_topics([NewTopic(world.topic, PARTITIONS, 1)])
        except KafkaError:  # it is still being deleted
            return False
        return True

    await until(is_there_again)
    await admin.close()
    world.start()

    async def named() -> bool:
        try:
            reply = await world.http.get("/readyz")
        except httpx2.TransportError:  # it does not listen yet
            return False
        made_anew = [why for why in reply.json()["waits_for"] if "was made anew" in why]
        return (
            reply.status_code == 503
            and made_anew[:1] != []
            and made_anew[0].startswith(world.topic)
        )

    await until(named, seconds=60)
