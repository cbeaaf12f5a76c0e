"""What many mails depend on is asked for together; each still goes, or stays, for itself."""

from tests.service.notifications.region import Region, registered, wish


async def _asked(region: Region) -> int:
    """How many times mongod was asked to find something."""
    counted = await region.service.database.client.admin.command("serverStatus")
    return int(counted["opcounters"]["query"])


async def test_many_mails_need_few_questions(region: Region) -> None:
    people = [f"p{n:02}" for n in range(80)]
    await region.service.happens(*map(registered, people))
    await region.service.happens(wish(audience={"people": people}))
    before = await _asked(region)
    mails = await region.told()
    assert sorted(mail.to for mail in mails) == [f"{person}@example.org" for person in people]
    assert await _asked(region) - before < len(people)


async def test_a_mail_that_cannot_be_read_holds_up_no_other(region: Region) -> None:
    await region.service.happens(*map(registered, ("ann", "bob")))
    await region.service.happens(wish("r1", audience={"people": ["ann"]}))
    await region.service.happens(wish("r2", audience={"people": ["bob"]}))
    notices = region.service.database["notices"]
    await notices.update_one({"recipients.people": "ann"}, {"$set": {"event": "{"}})
    assert [mail.to for mail in await region.told()] == ["bob@example.org"]
