"""What operators see of deliveries, page by page; the service fixture fails where that reads a whole collection."""

from typing import get_args

import pytest

from services.notifications.telling.model import State
from tests.service.notifications.region import Region, wish

PEOPLE = [f"p{n}" for n in range(5)]


@pytest.mark.parametrize("state", get_args(State))
async def test_the_deliveries_of_every_state_are_listed_the_oldest_first(
    state: str, region: Region
) -> None:
    await region.service.happens(wish(audience={"people": PEOPLE}))
    await region.service.does("tell")
    notifications = region.service.database["notifications"]
    given_a_channel = {"person_id": {"$in": PEOPLE[:2]}}
    await notifications.update_many({}, {"$set": {"state": state}})
    await notifications.update_many(given_a_channel, {"$set": {"channel": "mail"}})
    page = (await region.operator.get(f"/deliveries?state={state}&limit=3")).json()
    following = f"/deliveries?state={state}&limit=3&cursor={page['next']}"
    rest = (await region.operator.get(following)).json()
    listed = [*page["items"], *rest["items"]]
    assert sorted(mail["person_id"] for mail in listed) == PEOPLE
    assert [mail["next_at"] for mail in listed] == sorted(mail["next_at"] for mail in listed)
    assert rest["next"] is None


async def test_an_operator_reads_what_became_of_mails_page_by_page(region: Region) -> None:
    await region.community_of(*"abcde")
    seen: list[str] = []
    path = "/deliveries?state=sent&limit=4"
    while path:
        page = (await region.operator.get(path)).json()
        seen += [one["id"] for one in page["items"]]
        path = page["next"] and f"/deliveries?state=sent&limit=4&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 6
    one = (await region.operator.get(f"/deliveries/{seen[0]}")).json()
    assert (one["attempts"], one["trail"][0]["outcome"]) == (1, "sent")
    assert "@" not in str(one)
    assert (await region.operator.get("/deliveries/nothing")).status_code == 404
    assert (await region.operator.get("/deliveries?state=lost")).status_code == 422
    assert (await region.ann.post(f"/deliveries/{seen[0]}/resend")).status_code == 403
