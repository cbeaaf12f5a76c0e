"""A command that is sent again is done once, and answered as it was."""

import asyncio
from typing import Any

from tests.support.service import Service

PATH = "/accounts/ann/deposits"


async def test_the_same_idempotency_key_gives_the_same_reply_and_is_done_once(
    service: Service,
) -> None:
    ann = service.as_("ann")
    key = {"idempotency-key": "one"}
    first = await ann.post(PATH, json={"amount": 5}, headers=key)
    again = await ann.post(PATH, json={"amount": 5}, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await service.published()) == 1

    other = await ann.post(PATH, json={"amount": 6}, headers=key)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:copse:problem:idempotency-key-reused"
    somebody = await service.as_("bob").post(PATH, json={"amount": 6}, headers=key)
    assert somebody.status_code == 201
    assert len(await service.published()) == 2


async def test_a_command_sent_again_to_another_replica_is_done_once(service: Service) -> None:
    ann = service.as_("ann")
    key = {"idempotency-key": "one"}
    first = await ann.post(f"http://replica-1{PATH}", json={"amount": 5}, headers=key)
    again = await ann.post(f"http://replica-2:81{PATH}", json={"amount": 5}, headers=key)
    assert again.content == first.content
    assert len(await service.published()) == 1


async def test_a_refused_command_leaves_its_idempotency_key_free(service: Service) -> None:
    key = {"idempotency-key": "one"}
    ann = service.as_("ann")
    assert (await ann.post(PATH, json={"amount": 0}, headers=key)).status_code == 422
    assert (await ann.post(PATH, json={"amount": 1}, headers=key)).status_code == 201


async def test_of_two_requests_at_once_with_one_key_one_is_told_to_wait(service: Service) -> None:
    ann = service.as_("ann")
    key = {"idempotency-key": "one"}
    replies = await asyncio.gather(
        *[ann.post(PATH, json={"amount": 5}, headers=key) for _ in range(10)]
    )
    assert {reply.status_code for reply in replies} <= {201, 409}
    assert 201 in {reply.status_code for reply in replies}
    assert len(await service.published()) == 1


async def test_an_upload_sent_again_is_known_though_its_boundary_differs(service: Service) -> None:
    ann = service.as_("ann", name="Ann")
    key = {"idempotency-key": "one"}

    def form(boundary: str, amount: int) -> dict[str, Any]:
        kind = f"application/json; boundary={boundary}"
        return {
            "content": f'{{"amount": {amount}, "note": "{boundary}"}}',
            "headers": {**key, "content-type": kind},
        }

    # The route takes JSON; what counts here is how the two bodies are compared.
    first = await ann.post(PATH, **form("aaa", 5))
    again = await ann.post(PATH, **form("bbb", 5))
    other = await ann.post(PATH, **form("ccc", 6))
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert len(await service.published()) == 1


async def test_a_request_that_stood_still_too_long_is_not_done_beside_its_repetition(
    service: Service,
) -> None:
    key = {"idempotency-key": "one"}
    ann = service.as_("ann")
    replies = service.database["idempotency_keys"]

    async def taken_over() -> None:
        while await replies.update_one({"status": None}, {"$set": {"claim": "another's"}}) is None:
            await asyncio.sleep(0)

    claimed = asyncio.Event()
    whole = service.database.command

    async def slow(*arguments: Any) -> Any:
        await taken_over()
        claimed.set()
        return await whole(*arguments)

    service.database.command = slow
    late = await ann.post(PATH, json={"amount": 5}, headers=key)
    assert claimed.is_set()
    assert late.status_code == 409
    assert await service.published() == []
    assert await replies.count_documents({"claim": "another's"}) == 1
