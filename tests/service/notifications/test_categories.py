"""What kinds of messages there are: operators say what they are, events may name their own."""

import pytest

from shared.consuming.applying import Failed
from tests.service.notifications.region import Region, arrives
from tests.service.notifications.training import TRAINED, completed, taught


async def test_an_event_may_name_its_category_itself(region: Region) -> None:
    await taught(region)
    await region.operator.put("/rules/trained", json=TRAINED | {"category": "data.kind"})
    await arrives(region, completed(kind="first-aid"), "external.events")
    assert len(await region.told()) == 1
    reply = await region.ann.put("/preferences", json={"mail": {"first-aid": False}})
    assert reply.status_code == 200
    await arrives(region, completed("2", kind="first-aid"), "external.events")
    assert len(await region.told()) == 1
    with pytest.raises(Failed, match=r"data\.kind"):
        await arrives(region, completed("3"), "external.events")


# Categories


async def test_an_operator_says_what_a_category_is(region: Region) -> None:
    await taught(region)
    listed = (await region.ann.get("/categories")).json()["items"]
    assert "training" in [one["category"] for one in listed]
    words = {"title": "Training", "reason": "You get this because you booked a course."}
    assert (await region.ann.put("/categories/training", json=words)).status_code == 403
    assert (await region.operator.put("/categories/training", json=words)).status_code == 200
    await arrives(region, completed(), "external.events")
    [mail] = await region.told()
    assert "You get this because you booked a course." in mail.text
