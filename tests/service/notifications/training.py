"""An event of another system that a rule and a template of operators tell of: somebody completed a training."""

from typing import Any

from tests.service.notifications.region import Region, registered

TRAINED = {
    "event": "org.training.Completed",
    "audience": {"people": "data.learner"},
    "category": "training",
    "template": "trained",
}
WORDS = {
    "subject": "Well done, {{ person.name }}",
    "text": "You completed {{ data.course }}.",
    "action": {"label": "See your certificate", "url": "{{ data.certificate }}"},
}
JOINED = "copse.membership.MemberJoined.v1"


def completed(id: str = "1", **data: Any) -> dict[str, Any]:
    usual = {"learner": "ann", "course": "First aid", "certificate": "https://training.example/1"}
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/training",
        "type": "org.training.Completed",
        "data": {name: value for name, value in (usual | data).items() if value is not None},
    }


async def taught(region: Region) -> None:
    """An operator saves the rule and its template."""
    await region.service.happens(registered("ann"))
    reply = await region.operator.put("/templates/trained", json=WORDS)
    assert (reply.status_code, reply.json()["version"]) == (200, 1)
    reply = await region.operator.put("/rules/trained", json=TRAINED)
    assert (reply.status_code, reply.json()["version"]) == (201, 1), reply.text
