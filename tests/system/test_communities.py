"""Types are data; people join, ask, and are welcomed once."""

from tests.kernel.world import until
from tests.system.region import Region, fresh


async def test_a_type_added_live_works_in_every_service(region: Region) -> None:
    type_id = fresh("peer-mentors").lower()
    definition = {
        "name": "Peer mentors",
        "purpose": "Mentors learn from mentors.",
        "charter": "We listen first.",
        "agreement": "What is said here stays here.",
        "join_questions": ["Whom do you mentor?"],
    }
    ann, bob = region.person("ann"), region.person("bob")
    unknown = {
        "community_type": type_id,
        "name": "X",
        "purpose": "Y",
        "places": ["Kirkby"],
        "format": "online",
    }
    refused = await ann.ask("POST", "membership", "/communities", json=unknown)
    assert refused.status_code == 422
    assert "group-leads" in refused.text

    await region.operator.does("PUT", "membership", f"/community-types/{type_id}", json=definition)
    community_id = await region.community(ann, community_type=type_id)
    await region.joins(bob, community_id)
    rhythm = {"frequency": "weekly", "weekdays": ["WE"], "local_time": "10:00", "minutes": 60}
    await ann.does("PUT", "scheduling", f"/communities/{community_id}/rhythm", json=rhythm)
    await bob.gets("meets")
    link = {"url": "https://example.org/mentoring", "title": "How to mentor"}
    await ann.does("POST", "resources", f"/communities/{community_id}/links", json=link)
    await bob.gets("How to mentor")


async def test_every_joining_brings_one_welcome_mail_with_its_trace(region: Region) -> None:
    ann, bob = region.person("ann"), region.person("bob")
    community_id = await region.community(ann)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    path = f"/communities/{community_id}/members"
    await bob.does("POST", "membership", path, json={}, headers=headers)
    [welcome] = await bob.gets("Welcome to")
    assert trace in str(welcome["traceparent"])
    [her_own] = await ann.gets("Welcome to")
    assert her_own["to"].addresses[0].addr_spec == ann.address


async def test_who_asks_is_accepted_by_a_facilitator_and_then_welcomed(region: Region) -> None:
    ann, bob = region.person("ann"), region.person("bob")
    community_id = await region.community(ann, privacy="restricted", join_policy="request")
    path = f"/communities/{community_id}"
    asked = await bob.ask("POST", "membership", f"{path}/members", json={})
    assert asked.status_code == 202
    await ann.gets("would like to join")
    stranger = await bob.ask("GET", "scheduling", f"{path}/meetings")
    assert stranger.status_code == 404
    assert await bob.mails("Welcome to") == []

    decision = {"decision": "accept", "reason": "Welcome."}
    await ann.does("PUT", "membership", f"{path}/requests/{bob.person_id}", json=decision)
    await bob.gets("Welcome to")
    await bob.does("GET", "scheduling", f"{path}/meetings")


async def test_an_invitation_only_community_says_so(region: Region) -> None:
    ann, bob = region.person("ann"), region.person("bob")
    community_id = await region.community(ann, privacy="private", join_policy="invite")
    path = f"/communities/{community_id}"
    refused = await bob.ask("POST", "membership", f"{path}/members", json={})
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("invitation-required")
    await bob.does("PUT", "membership", "/people/me", json={})
    invitation = {"person_id": bob.person_id}
    await ann.does("POST", "membership", f"{path}/invitations", json=invitation)
    await bob.gets("invite")
    await region.joins(bob, community_id)


async def test_a_name_with_markup_or_a_second_header_never_reaches_a_mail_as_such(
    region: Region,
) -> None:
    mallory = region.person("mallory", full_name="Mallory\r\nBcc: all@example.org")
    refused = await mallory.ask("PUT", "membership", "/people/me", json={})
    assert refused.status_code == 422
    assert "name" in refused.json()["errors"][0]["field"]

    eve = region.person("eve", full_name="<b>Eve</b> <script>alert(1)</script>")
    community_id = await region.community(region.person("ann"), name=fresh('A & "B" <i>'))
    await region.joins(eve, community_id)
    [welcome] = await eve.gets("Welcome to")
    page = welcome.get_body(("html",))
    assert page is not None
    assert "<script>" not in page.get_content()
    assert "&lt;script&gt;" in page.get_content()
    assert welcome["bcc"] is None


async def test_the_inbox_tells_the_same_as_the_mail_and_muting_stops_mail(region: Region) -> None:
    ann, bob = region.person("ann"), region.person("bob")
    community_id = await region.community(ann)
    await region.joins(bob, community_id)
    inbox = await bob.does("GET", "notifications", "/inbox")
    assert "Welcome to" in inbox["items"][0]["subject"]

    choices = await bob.does("GET", "notifications", "/preferences")
    assert choices["mute"] is False
    await bob.does("PUT", "notifications", "/preferences", json={"mute": True})
    link = {"url": "https://example.org/quiet", "title": "A quiet thing"}
    await ann.does("POST", "resources", f"/communities/{community_id}/links", json=link)

    async def told() -> bool:
        inbox = await bob.does("GET", "notifications", "/inbox")
        return any("A quiet thing" in item["subject"] for item in inbox["items"])

    await until(told)
    assert await bob.mails("A quiet thing") == []
