"""From the files to a region at work, step by step, through public doors only.

Every step first asks what is there. So a load that was cut off is completed by the next one, a whole one changes
nothing, and what people have made of the region since is left as it is.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from deploy.local.tokens import OPERATOR
from deploy.region.announce import announce
from deploy.region.client import Caller, Doors, RequestFailed
from deploy.region.communities import Found, belongs, find, insider
from deploy.region.data import Community, Member, Region, Resource

Tell = Callable[[str], None]


def load(region: Region, doors: Doors, kafka: str, tell: Tell) -> None:
    """Make the services hold the region. RequestFailed, NotPublished; then load again."""
    operator = doors.for_(region.office, OPERATOR)
    callers = {key: doors.for_(person) for key, person in region.people.items()}
    new = _define_types(region, operator)
    tell(f"  {len(region.types)} community types, {new} of them new")
    ids = {key: _register(caller) for key, caller in callers.items()}
    tell(f"  {len(ids)} people")
    for community in region.communities.values():
        done = _community(community, operator, callers, ids)
        new += len(done)
        tell(f"  {community.name}: {', '.join(done) or 'as it was'}")
    asyncio.run(announce(kafka, region.news, ids.values()))
    tell(f"  {len(region.news.announcements)} announcement, through Kafka")
    if new:
        tell("  Waiting until everybody has been told …")
        _until_told(region, operator, callers[next(iter(callers))], tell)


def _define_types(region: Region, operator: Caller) -> int:
    missing = [
        id for id in region.types if operator.find("membership", "community-types", id) is None
    ]
    for id in missing:
        operator.do("PUT", "membership", "community-types", id, json=region.types[id])
    return len(missing)


def _register(caller: Caller) -> str:
    """The person's id, which only the identity provider gives."""
    known = caller.find("membership", "people", "me")
    return (known or caller.do("PUT", "membership", "people", "me"))["person_id"]


def _community(
    wanted: Community, operator: Caller, callers: Mapping[str, Caller], ids: Mapping[str, str]
) -> list[str]:
    """Returns what had to be done."""
    done: list[str] = []
    found = find(wanted, operator)
    if found is None:
        started = callers[wanted.started_by].do(
            "POST", "membership", "communities", json=wanted.wishes
        )
        found = Found.of(started)
        done.append("started")
    someone = insider(wanted, found, callers)
    if someone is None:
        return done  # all of them have left; it is others' now
    if not _meetings(found, someone):
        done += _begin(wanted, found, callers, ids)
    done += _answer(wanted, found, callers, someone)
    done += _share(wanted, found, callers, operator)
    return done


def _meetings(found: Found, someone: Caller) -> list[dict[str, Any]]:
    """All there ever were. Whoever belongs sees them, as soon as scheduling knows that they belong."""
    here = ("scheduling", "communities", found.id)
    someone.await_(*here, "notice")
    return someone.every(*here, "meetings", **{"from": found.started_at})


# Who belongs and when they meet. A community that has ever had a meeting has been through all of it.


def _begin(
    wanted: Community, found: Found, callers: Mapping[str, Caller], ids: Mapping[str, str]
) -> list[str]:
    lead = callers[wanted.started_by]
    joined = sum(
        _belong(member, found, callers[member.person], ids[member.person], lead)
        for member in wanted.members
    )
    here = ("scheduling", "communities", found.id)
    lead.insist("PUT", *here, "notice", json={"days": wanted.notice_days})
    lead.insist("PUT", *here, "rhythm", json=wanted.rhythm)
    return [f"{joined} joined", "chose its rhythm"]


def _belong(member: Member, found: Found, them: Caller, id: str, lead: Caller) -> bool:
    """Invited or asking, they join, and have their role. Who left or was declined since is not fetched back."""
    here = ("membership", "communities", found.id)
    page = them.find(*here) or {}
    status, role, joins = page.get("my_status"), page.get("my_role"), False
    if status is None and member.invited:
        lead.do("POST", *here, "invitations", json={"person_id": id})
    if status in (None, "invited"):
        status, joins = them.do("POST", *here, "members")["status"], True
    if status == "requested":
        lead.do("PUT", *here, "requests", id, json={"decision": "accept"})
        status, joins = "active", True
    if status == "active" and role in (None, "member") and member.role != "member":
        lead.do("PUT", *here, "members", id, "role", json={"role": member.role})
    return joins


# Who comes to the first meeting of all


def _answer(
    wanted: Community, found: Found, callers: Mapping[str, Caller], someone: Caller
) -> list[str]:
    ahead = someone.every("scheduling", "communities", found.id, "meetings")
    first = _meetings(found, someone)[0]
    if first not in ahead or first["status"] != "confirmed":
        return []
    here = ("scheduling", "meetings", first["meeting_id"])
    answered = 0
    for person, status in wanted.first_meeting.each():
        if not belongs(them := callers[person], found):
            continue
        meeting = them.await_(*here, until=lambda meeting: "my_status" in meeting)
        if meeting["my_status"] == "needs-action":
            them.do("PUT", *here, "rsvp", json={"status": status})
            answered += 1
    return [f"{answered} answers"] if answered else []


# What is shared; what is in the recycle bin was shared too


def _share(
    wanted: Community, found: Found, callers: Mapping[str, Caller], operator: Caller
) -> list[str]:
    here = ("resources", "communities", found.id)
    operator.await_(*here, "resources")
    there = operator.every(*here, "resources") + operator.every(*here, "bin")
    missing = [
        one
        for one in wanted.resources
        if not any(_same(one, other) for other in there) and belongs(callers[one.shared_by], found)
    ]
    for one in missing:
        content = _file(one) if one.file else _link(one)
        kind = "files" if one.file else "links"
        callers[one.shared_by].insist("POST", *here, kind, **content)
    return [f"{len(missing)} resources"] if missing else []


def _same(one: Resource, other: dict[str, Any]) -> bool:
    """Also under another title."""
    content = other["url"] or other["file"]["name"]
    return other["title"] == one.title or content == (one.file or str(one.url))


def _about(one: Resource) -> dict[str, Any]:
    return {"title": one.title, "description": one.description, "tags": list(one.tags)}


def _link(one: Resource) -> dict[str, Any]:
    return {"json": {**_about(one), "url": str(one.url)}}


def _file(one: Resource) -> dict[str, Any]:
    return {"data": _about(one), "files": {"file": (one.file, one.path.read_bytes())}}


# What people were told


def _until_told(region: Region, operator: Caller, someone: Caller, tell: Tell) -> None:
    """Wait until the announcements have arrived, and no mail waits to be sent; not for ever."""
    subjects = {one.subject for one in region.news.announcements}
    try:
        someone.await_(
            "notifications",
            "inbox",
            until=lambda inbox: subjects <= {item["subject"] for item in inbox["items"]},
        )
        for state in ("queued", "sending"):
            operator.await_(
                "notifications", "deliveries", until=lambda page: not page["items"], state=state
            )
    except RequestFailed as reason:
        tell(f"  Not everybody has been told yet; that goes on. {reason}")
