"""Reads every store and topic when all is quiet, and says how they differ from the model."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from deploy.local.mailbox.mail import Mail
from tests.faults.field import SAMPLE, Field
from tests.faults.model import Key, Model, Said, said
from tests.kernel.world import everything_in

REAL_TOPICS = ("membership.communities", "membership.people", "scheduling.meetings")


@dataclass
class Findings:
    """What is wrong, each in a sentence; and what is worth counting."""

    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    inverted: list[str] = field(default_factory=list[str])
    parked: list[str] = field(default_factory=list[str])
    mails_twice: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    differs: list[str] = field(default_factory=list[str])
    """A state that is neither a lost nor a doubled event plainly."""
    records_twice: int = field(default=0, metadata={"harmless": True})
    """Records of ours that Kafka holds more than once; consumers take them once."""
    mails_sent: int = field(default=0, metadata={"harmless": True})
    mails_unknown: int = field(default=0, metadata={"harmless": True})
    """A crash between send and record: shown to the operator, never sent again."""

    @property
    def wrong(self) -> dict[str, list[str]]:
        """Every kind of violation that was found."""
        kinds = [one.name for one in fields(self) if not one.metadata.get("harmless")]
        return {kind: found for kind in kinds if (found := getattr(self, kind))}

    def compare(self, what: str, expected: Counter[Any], seen: Counter[Any]) -> bool:
        """Note what is missing and what is too much. True if it is the same."""
        self.lost += [f"{what}: {one} x{count}" for one, count in (expected - seen).items()]
        self.doubled += [f"{what}: {one} x{count}" for one, count in (seen - expected).items()]
        return expected == seen

    def same_state(self, what: str, expected: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
        for id in expected.keys() | seen.keys():
            if id not in seen:
                self.lost.append(f"{what} {id}: is missing")
            elif id not in expected:
                self.doubled.append(f"{what} {id}: nobody asked for it")
            elif expected[id] != seen[id]:
                self.differs.append(f"{what} {id}: {seen[id]}, not {expected[id]}")

    def in_order(self, what: str, expected: Sequence[Any], seen: Sequence[Any]) -> None:
        """The same, in the same order."""
        if self.compare(what, Counter(expected), Counter(seen)) and list(expected) != list(seen):
            self.inverted.append(f"{what}: {seen}, not {expected}"[:300])


@dataclass
class Topic:
    """What one topic holds: each event once, at its first place; by key."""

    chains: defaultdict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))
    repeated: int = 0

    @classmethod
    def read(cls, name: str, records: Iterable[Any], findings: Findings) -> "Topic":
        """Also looks at `sequence`, which must grow from first place to first place."""
        topic = cls()
        ids: set[str] = set()
        highest: dict[tuple[str, str], int] = {}
        for record in records:
            event = json.loads(record.value)
            key = record.key.decode()
            if event["id"] in ids:
                topic.repeated += 1
                continue
            ids.add(event["id"])
            kind = event["type"].split(".")[-2]
            topic.chains[key].append(said(kind, event["data"]))
            if "sequence" not in event:
                continue
            number, place = int(event["sequence"]), (key, event["source"])
            if number < highest.get(place, 0):
                findings.inverted.append(f"{name} {key}: {number} after {highest[place]}")
            elif number == highest.get(place):
                findings.doubled.append(f"{name} {key}: {number} under two ids")
            highest[place] = max(number, highest.get(place, 0))
        return topic


async def check(at: Field, model: Model) -> Findings:
    """Everything that is not as the acknowledged commands and events say."""
    findings = Findings(refused=[*model.refused])
    for name in at.names:
        async for one in at.database(name).parked.find():
            findings.parked.append(f"{name} {one['_id']}: {one['reason'][:200]}")
    if "membership" in at.names:
        await _topics(at, model, findings)
        await _memberships(at, model, findings)
        await _answers(at, model, findings)
        await _mails(at, model, findings)
    if SAMPLE in at.names:
        await _accounts(at, model, findings)
    return findings


async def _topics(at: Field, model: Model, findings: Findings) -> None:
    seen: dict[Key, list[Said]] = {}
    for name in REAL_TOPICS:
        records = [one for one in await everything_in(name, at.parts.kafka) if one.value]
        topic = Topic.read(name, records, findings)
        findings.records_twice += topic.repeated
        seen |= {(name, key): chain for key, chain in topic.chains.items()}
    for key in seen.keys() | model.chains.keys():
        follow(key, model, seen.get(key, []), findings)


def follow(key: Key, model: Model, seen: list[Said], findings: Findings) -> None:
    """Walk along a key: step after step, what follows sometime left out."""
    steps, sometime = model.chains.get(key, []), model.sometime.get(key, Counter[Said]())
    what = " ".join(key)
    if not findings.compare(what, sum(steps, Counter[Said]()) + sometime, Counter(seen)):
        return
    walked = [one for one in seen if one not in sometime]
    for step in steps:
        here, walked = walked[: step.total()], walked[step.total() :]
        if Counter(here) != step:
            findings.inverted.append(f"{what}: {here} where {dict(step)} belongs"[:300])
            return


async def _memberships(at: Field, model: Model, findings: Findings) -> None:
    statuses = {id: status for id, (status, _) in model.memberships.items()}
    standings = {
        one["_id"]: one["status"] async for one in at.database("membership").standings.find()
    }
    findings.same_state("membership standing", statuses, standings)
    for name in ("scheduling", "notifications"):
        found = at.database(name).memberships.find()
        copies = {one["_id"]: _standing(one) async for one in found}
        findings.same_state(f"{name} membership", model.memberships, copies)
    roles = {id: role for id, (_, role) in model.memberships.items()}
    seats = {
        one["_id"]: one.get("role") async for one in at.database("resources").memberships.find()
    }
    findings.same_state("resources membership", roles, seats)
    communities = {id.partition(":")[0]: True for id in model.memberships}
    for name, collection in (("membership", "communities"), ("scheduling", "schedules")):
        found = at.database(name)[collection].find({}, {"_id": 1})
        findings.same_state(
            f"{name} {collection}", communities, {o["_id"]: True async for o in found}
        )


def _standing(copy: dict[str, Any]) -> tuple[str, str | None]:
    """Whoever left has no role; that notifications remembers the last one has no effect."""
    status = copy.get("status", "")
    return status, copy.get("role") if status == "active" else None


async def _answers(at: Field, model: Model, findings: Findings) -> None:
    found = at.database("notifications").answers.find()
    copies = {one["_id"]: one["answer"] async for one in found}
    findings.same_state("notifications answer", model.answers, copies)
    meetings = {key: True for topic, key in model.chains if topic == "scheduling.meetings"}
    for name in ("scheduling", "notifications"):
        found = at.database(name).meetings.find({}, {"_id": 1})
        findings.same_state(f"{name} meeting", meetings, {one["_id"]: True async for one in found})


async def _mails(at: Field, model: Model, findings: Findings) -> None:
    """A notification for everybody whom something concerns, and a mail for each; where nobody can know, at most one."""
    database = at.database("notifications")
    rules = {one["_id"]: one["rule_id"] async for one in database.notices.find({}, {"rule_id": 1})}
    told: Counter[tuple[str, str]] = Counter()
    mails = Counter(
        Mail(file).message_id.partition("@")[0] for file in (at.folder / "mails").glob("*.eml")
    )
    async for one in database.notifications.find():
        id, state, sent = one["_id"], one["state"], mails.pop(one["_id"], 0)
        told[rules[one["notice_id"]], one["person_id"]] += 1
        findings.mails_sent += sent
        findings.mails_unknown += state == "delivery-unknown"
        if sent > 1:
            findings.mails_twice.append(f"{id}: {sent} times")
        if state == "sent" and not sent:
            findings.lost.append(f"mail {id}: was never taken by the server")
        if state not in ("sent", "delivery-unknown"):
            findings.differs.append(f"mail {id}: {state}, {one.get('reason')}")
    findings.doubled += [f"mail {id}: belongs to no notification" for id in mails]
    for one in told.keys() | model.told.keys():
        least = model.told[one]
        if told[one] < least:
            findings.lost.append(f"notification {one}: {told[one]}, not {least}")
        if told[one] > least + model.perhaps_told[one]:
            findings.doubled.append(f"notification {one}: {told[one]}, not {least}")


async def _accounts(at: Field, model: Model, findings: Findings) -> None:
    """The sample: whatever came in stands in the ledger once and in order, and brought about one receipt."""
    database = at.database(SAMPLE)
    accounts = {one["_id"]: [*one["amounts"]] async for one in database.accounts.find()}
    ledgers = {one["_id"]: [*one["amounts"]] async for one in database.ledgers.find()}
    for account in accounts.keys() | model.deposits.keys():
        paid_in = Counter(model.deposits.get(account, []))
        findings.compare(f"account {account}", paid_in, Counter(accounts.get(account, [])))
    expected = accounts | model.foreign
    for account in expected.keys() | ledgers.keys():
        findings.in_order(f"ledger {account}", expected.get(account, []), ledgers.get(account, []))
    for name, owner in (("accounts", expected), ("receipts", ledgers)):
        topic = f"{at.sample}.{name}"
        kind = "Deposited" if name == "accounts" else "ReceiptWritten"
        found = Topic.read(topic, await everything_in(topic, at.parts.kafka), findings)
        findings.records_twice += found.repeated
        for account in owner.keys() | found.chains.keys():
            should = [(kind, "", str(amount)) for amount in owner.get(account, [])]
            findings.in_order(f"{topic} {account}", should, found.chains.get(account, []))
    lasts = {one["_id"]: one["amount"] async for one in database["last"].find()}
    for account, amounts in accounts.items():
        if lasts.get(account) != amounts[-1]:
            findings.differs.append(f"last {account}: {lasts.get(account)}, not {amounts[-1]}")
