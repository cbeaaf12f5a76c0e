"""One run: the services as they are, bad input on every topic, and the account of it."""

import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.processes import running_in
from deploy.local.system import System
from deploy.local.tokens import OPERATOR, mint
from deploy.topics.declared import declared
from shared.consuming.parked import WAITS
from tests.bad_input.account import LISTENERS, lacking, met, misfits, outcomes, sample
from tests.bad_input.golden import ALL_TOPICS
from tests.bad_input.report import Report
from tests.bad_input.sending import Sent, send
from tests.kernel.world import everything_in, until

AT = datetime(2027, 3, 9, 15, tzinfo=UTC)  # an hour after the golden events
BAD_WORDS = (
    *("starting a new one", "a batch cannot be applied", "a chore failed", "cannot be published"),
    *("the relay fails", "Traceback", "Task exception was never retrieved"),
)
"""What a log must never say here."""


class Run:
    """The system, and ways to look at it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.http = httpx2.AsyncClient(timeout=60)
        self.mongo: Any = AsyncIOMotorClient(system.parts.mongo, tz_aware=True)
        self.began = 0.0
        self.pids = {name: one.pid for name, one in running_in(system.folder).items()}

    async def metrics(self, service: str) -> str:
        return (await self.http.get(f"{self.system.urls[service]}/metrics")).text

    async def clock(self, moment: datetime) -> None:
        for url in self.system.urls.values():
            told = await self.http.post(f"{url}/_clock", json={"now": moment.isoformat()})
            told.raise_for_status()

    async def behind(self, sent: Sent) -> list[str]:
        """Which services still have something to do, and what."""
        found: list[str] = []
        for service in LISTENERS:
            text = await self.metrics(service)
            lag, waits = (
                sample(text, "copse_lag_records"),
                await self.mongo[service].outbox.count_documents({}),
            )
            done = outcomes(text)
            left = sum(
                sent.of(topic) - met(done.get(topic, Counter()))
                for topic in LISTENERS[service].topics
            )
            if lag or waits or left:
                found.append(f"{service}: lag {lag:.0f}, outbox {waits}, not dealt with {left}")
        return found

    async def settled(self, sent: Sent, seconds: float) -> str:
        """Wait until everything is dealt with; or say who still has something to do."""
        found: list[str] = []

        async def nobody() -> bool:
            found[:] = await self.behind(sent)
            return not found

        try:
            await until(nobody, seconds=seconds, every=0.3)
        except AssertionError:
            return "; ".join(found)
        return ""

    async def held(self) -> int:
        return sum(
            [await self.mongo[name].parked.count_documents({"state": "held"}) for name in LISTENERS]
        )

    async def let_time_pass(self) -> None:
        """Let every wait of what is held pass; then it is applied, or dead."""
        moment = AT + timedelta(
            seconds=time.monotonic() - self.began
        )  # what the services' clocks say
        for wait in (*WAITS, WAITS[-1]):
            if not await self.held():
                return
            moment += wait + timedelta(seconds=5)
            await self.clock(moment)

            async def tried(moment: datetime = moment) -> bool:
                heads = {
                    "state": "held",
                    "next_at": {"$lte": moment},
                    "reason": {"$not": {"$regex": "^waits behind"}},
                }
                due = [await self.mongo[name].parked.count_documents(heads) for name in LISTENERS]
                return not sum(due)

            await until(tried, seconds=120, every=0.3)

        async def let_go() -> bool:
            return not await self.held()

        with suppress(AssertionError):  # the report says how many are left
            await until(let_go, seconds=60, every=0.3)

    def memory(self, service: str) -> tuple[int, int]:
        """MB that a service's process has now, and had at most."""
        status = Path(f"/proc/{self.pids[service]}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(int(fields[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]

    async def check_processes(self, report: Report) -> None:
        now = {name: one.pid for name, one in running_in(self.system.folder).items()}
        report.wrong += [
            f"{name} restarted" for name, pid in self.pids.items() if now.get(name) != pid
        ]
        for name, one in self.system.services.items():
            lines = one.process.log.read_text(errors="replace").splitlines()
            for words in BAD_WORDS:
                found = [line for line in lines if words in line]
                report.wrong += (
                    [f"{name} logs {len(found)} × {words!r}: {found[0][:700]}"] if found else []
                )
        for url in self.system.urls.values():
            ready = await self.http.get(f"{url}/readyz")
            report.wrong += [] if ready.status_code == 200 else [f"{url}: {ready.text}"]

    async def check_dead_letters(self, report: Report) -> None:
        """Operators can read what was set aside, page by page, whatever it holds."""
        token = mint(self.system.folder, "operator@example.org", scopes=[OPERATOR])
        headers = {"authorization": f"Bearer {token}"}
        for service in LISTENERS:
            url, listed = f"{self.system.urls[service]}/dead-letters?limit=100", 0
            following: str | None = url
            while following:
                page = await self.http.get(following, headers=headers)
                if page.status_code != 200:
                    report.wrong.append(
                        f"{service} cannot list its dead letters: {page.text[:300]}"
                    )
                    break
                listed += len(page.json()["items"])
                mark = page.json()["next"]
                following = f"{url}&cursor={mark}" if mark else None
            parked = await self.mongo[service].parked.count_documents({})
            if listed != parked:
                report.wrong.append(f"{service} lists {listed} of {parked} dead letters")

    async def check_copies(self, report: Report) -> None:
        """Each dead event stands once on its topic's dead letters."""
        dead: Counter[str] = Counter()
        for service in LISTENERS:
            async for one in self.mongo[service].parked.find({"state": "dead"}, {"topic": 1}):
                dead[one["topic"]] += 1
        for topic in ALL_TOPICS:
            copies = await everything_in(f"{topic}.dead", self.system.parts.kafka)
            unexplained = [one for one in copies if not dict(one.headers).get("x-error-reason")]
            if len(copies) != dead[topic] or unexplained:
                report.wrong.append(
                    f"{topic}.dead: {len(copies)} copies of {dead[topic]}, {len(unexplained)} unexplained"
                )

    async def close(self) -> None:
        await self.http.aclose()
        self.mongo.close()


async def run(system: System, records: int, seed: int, *, patience: float) -> Report:
    """Send so many bad records on every topic, wait at most `patience` seconds, and account for each."""
    report, one, began = Report(), Run(system), time.monotonic()
    try:
        await one.clock(AT)
        one.began = time.monotonic()
        before = {name: one.memory(name)[0] for name in system.urls}
        partitions = {one.name: one.partitions for one in declared(1) if one.name in ALL_TOPICS}
        await send(system.parts.kafka, partitions, records, seed, report.sent)
        if late := await one.settled(report.sent, patience):
            report.wrong.append(f"after {patience:.0f} s: {late}")
        await one.let_time_pass()
        if late := await one.settled(report.sent, patience):
            report.wrong.append(f"after {patience:.0f} s more: {late}")
        if held := await one.held():
            report.wrong.append(f"{held} are held for ever")
        databases = {name: one.mongo[name] for name in LISTENERS}
        for name, database in databases.items():
            report.done[name] = outcomes(await one.metrics(name))
            report.wrong += [
                f"{name}: {what}"
                for what in await misfits(name, database, report.sent, report.done[name])
            ]
            async for parked in database.parked.find({}, {"reason": 1}):
                report.reasons[parked["reason"][:60]] += 1
            async for parked in database.parked.find({"attempts": {"$gt": 0}}, {"reason": 1}):
                report.tried_again[parked["reason"][:200]] += 1
        events = [event for good in report.sent.good.values() for event in good]
        report.wrong += [f"lacks {effect}" for effect in await lacking(databases, events)]
        await one.check_processes(report)
        await one.check_dead_letters(report)
        await one.check_copies(report)
        report.memory = {name: (before[name], *one.memory(name)) for name in system.urls}
        report.dead_letters = sum(report.reasons.values())
    finally:
        await one.close()
    report.seconds = time.monotonic() - began
    return report
