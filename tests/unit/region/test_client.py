"""How the loader asks: patient where a fact may be on its way, and clear where it is refused."""

import json
from collections.abc import Callable

import httpx2
import pytest

from deploy.region.client import Caller, Doors, RequestFailed
from deploy.region.data import Person

ANN = Person(name="Ann", address="ann@a.example.org")
Answer = tuple[int, dict[str, object]]
REFUSAL = {"title": "This meeting is over.", "detail": "It has ended.", "status": 409}


def ann(*answers: Answer, asked: list[httpx2.Request] | None = None, patience: float = 5) -> Caller:
    """Ann in front of a service that gives these answers, the last one again and again."""
    left = list(answers)

    def reply(request: httpx2.Request) -> httpx2.Response:
        if asked is not None:
            asked.append(request)
        status, body = left.pop(0) if len(left) > 1 else left[0]
        return httpx2.Response(status, json=body)

    return caller(reply, patience)


def caller(reply: Callable[[httpx2.Request], httpx2.Response], patience: float) -> Caller:
    http = httpx2.Client(transport=httpx2.MockTransport(reply))
    doors = Doors(
        {"scheduling": "http://s.test/"}, lambda who, scopes: f"{who.name} {scopes}", http, patience
    )
    return doors.for_(ANN, "copse:operator")


def test_a_request_bears_the_persons_token():
    asked: list[httpx2.Request] = []
    ann((200, {}), asked=asked).find("scheduling", "meetings", "a b/c", limit="1")
    assert asked[0].headers["authorization"] == "Bearer Ann ('copse:operator',)"
    assert asked[0].url.raw_path == b"/meetings/a%20b%2Fc?limit=1"


@pytest.mark.parametrize("status", [403, 404])
def test_what_a_person_may_not_see_is_not_there(status: int):
    assert ann((status, REFUSAL)).find("scheduling", "meetings", "m") is None


def test_a_list_is_read_to_its_end():
    asked: list[httpx2.Request] = []
    pages: list[Answer] = [
        (200, {"items": [{"n": 1}], "next": "after-1"}),
        (200, {"items": [{"n": 2}], "next": None}),
    ]
    found = ann(*pages, asked=asked).every("scheduling", "meetings", type="x")
    assert found == [{"n": 1}, {"n": 2}]
    assert asked[1].url.params["cursor"] == "after-1"
    assert asked[1].url.params["type"] == "x"


@pytest.mark.parametrize("not_yet", [403, 404])
def test_a_command_waits_for_a_fact_on_its_way(not_yet: int):
    asked: list[httpx2.Request] = []
    me = ann((not_yet, REFUSAL), (not_yet, REFUSAL), (201, {"done": True}), asked=asked)
    assert me.insist("PUT", "scheduling", "rhythm", json={"n": 1}) == {"done": True}
    assert [json.loads(request.content) for request in asked] == [{"n": 1}] * 3


def test_a_refusal_is_told_at_once_with_the_request_and_the_reason():
    asked: list[httpx2.Request] = []
    with pytest.raises(RequestFailed) as told:
        ann((409, REFUSAL), asked=asked).insist("PUT", "scheduling", "rsvp")
    assert str(told.value) == (
        "PUT http://s.test/rsvp as Ann: 409. This meeting is over. It has ended."
    )
    assert len(asked) == 1


def test_patience_ends():
    with pytest.raises(RequestFailed, match=r"404.*The last of many answers in 0 s"):
        ann((404, REFUSAL), patience=0.2).insist("PUT", "scheduling", "rhythm")


def test_one_waits_until_the_answer_says_enough():
    me = ann((200, {"my_status": None}), (404, REFUSAL), (200, {"my_status": "needs-action"}))
    seen = me.await_("scheduling", "meetings", until=lambda meeting: bool(meeting.get("my_status")))
    assert seen == {"my_status": "needs-action"}


def test_an_answer_that_is_no_problem_detail_is_shown_as_it_is():
    me = caller(lambda _: httpx2.Response(502, text="<h1>Bad Gateway</h1>"), 1)
    with pytest.raises(RequestFailed, match=r"502\. <h1>Bad Gateway</h1>"):
        me.do("POST", "scheduling", "meetings")


def test_no_answer_is_told_with_the_request():
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(
        RequestFailed, match=r"POST http://s\.test/meetings as Ann: no answer: .*refused"
    ):
        caller(refuse, 1).do("POST", "scheduling", "meetings")
