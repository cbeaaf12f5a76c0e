"""What communities decided about when they meet, and the meetings that follow from it."""

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta

from services.scheduling.model import HORIZON, Rhythm, Schedule
from services.scheduling.store.communities import name_of
from services.scheduling.store.due import each_due
from services.scheduling.store.meetings import (
    change_meeting,
    days_taken,
    meetings_of_rhythm,
    schedule_meeting,
)
from shared.storage.database import Database
from shared.storage.unit_of_work import Transaction
from shared.types.clock import now


async def schedule(tx: Transaction, community_id: str) -> Schedule:
    return await tx.load("schedules", Schedule, community_id)


async def open_schedule(tx: Transaction, community_id: str) -> None:
    """A community that is new here may decide when it meets."""
    if await tx.get("schedules", community_id) is None:
        fresh = Schedule(community_id=community_id, feed_token=secrets.token_urlsafe(24))
        tx.add("schedules", community_id, fresh)


async def choose_rhythm(
    tx: Transaction, community_id: str, wish: Rhythm, by: str, feed_url: Callable[[str], str]
) -> Schedule:
    """Choose a rhythm, and make its meetings stand in the calendar as far as the horizon.

    The old rhythm runs until the day before the new one begins. Its meetings after that go on, are
    cancelled or taken back as `Schedule.adapt` says; those that somebody arranged by hand stay.
    """
    moment, name = now(), await name_of(tx, community_id)
    before = await schedule(tx, community_id)
    url = feed_url(before.feed_token)
    chosen = await tx.change(
        "schedules", Schedule, community_id, lambda schedule: schedule.choose(wish, by, url, moment)
    )
    if chosen == before:
        return chosen
    first = chosen.first_day(chosen.require_rhythm(), moment)
    await _add_meetings(tx, before, first - timedelta(days=1), name, moment)
    for old in await meetings_of_rhythm(tx, community_id, first.isoformat(), moment):
        await change_meeting(
            tx, old.meeting_id, lambda meeting: chosen.adapt(meeting, name, moment)
        )
    return await _extend(tx, community_id, name, moment)


async def end_rhythm(tx: Transaction, community_id: str) -> None:
    """No further meetings. Those that anybody counts on stay, until somebody cancels them."""
    moment = now()
    await tx.change("schedules", Schedule, community_id, lambda schedule: schedule.end())
    for old in await meetings_of_rhythm(tx, community_id, date.min.isoformat(), moment):
        if not old.is_known:
            await change_meeting(tx, old.meeting_id, lambda meeting: meeting.withdraw(moment))


async def give_notice(tx: Transaction, community_id: str, days: int) -> Schedule:
    """Invite to meetings this many days before, from now on."""
    changed = await tx.change(
        "schedules", Schedule, community_id, lambda schedule: schedule.give_notice(days)
    )
    tx.tag()
    where = {"community_id": community_id, "status": "confirmed", "announced_at": None}
    for document in await tx.find("meetings", {**where, "starts_at": {"$gt": now()}}):
        await change_meeting(tx, document["_id"], lambda meeting: meeting.give_notice(days))
    return changed


async def extend_due(database: Database) -> None:
    """As time passes, let the meetings of every rhythm stand as far ahead as the horizon."""
    moment = now()
    # A day more: somewhere it is tomorrow already. Who is early is left as is.
    last = moment.date() + HORIZON + timedelta(days=1)
    due = {"next_on": {"$ne": None, "$lte": last.isoformat()}}

    async def extend(tx: Transaction, community_id: str) -> None:
        await _extend(tx, community_id, await name_of(tx, community_id), moment)

    await each_due(database, "schedules", due, extend, first="next_on")


async def rotate_community_feed(tx: Transaction, community_id: str) -> Schedule:
    token = secrets.token_urlsafe(24)
    return await tx.change(
        "schedules", Schedule, community_id, lambda schedule: schedule.rotate_feed(token)
    )


async def _extend(tx: Transaction, community_id: str, name: str, moment: datetime) -> Schedule:
    """Two replicas that do this at once both write the schedule, so one of them begins anew."""
    before = await schedule(tx, community_id)
    last = before.horizon(moment)
    await _add_meetings(tx, before, last, name, moment)
    return await tx.change(
        "schedules", Schedule, community_id, lambda schedule: schedule.extended(last)
    )


async def _add_meetings(
    tx: Transaction, before: Schedule, last: date, name: str, moment: datetime
) -> None:
    days = before.days_due(last)
    taken = await days_taken(tx, before.community_id, [day.isoformat() for day in days])
    for day in days:
        if day.isoformat() not in taken and before.require_rhythm().starts_at(day) > moment:
            schedule_meeting(tx, before.new_meeting(day, name, moment))
