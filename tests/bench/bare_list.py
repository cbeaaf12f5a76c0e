"""python -m tests.bench.bare_list PORT MONGO: bare FastAPI that returns what the list of resources does, from the same query."""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient

from services.resources.api.shown import SharedResource, SharedResources
from tests.bench.growing.resources import LISTED

PAGE = 50


def bare(kept: Any) -> FastAPI:
    app = FastAPI()

    @app.get(LISTED)
    async def read() -> SharedResources:
        where = {"community_id": "c1", "binned_at": None}
        found = await kept.find(where).sort("_id", -1).limit(PAGE + 1).to_list(None)
        return SharedResources(items=[_shared(one) for one in found[:PAGE]], next=None)

    return app


def _shared(kept: dict[str, Any]) -> SharedResource:
    newest = kept["versions"][-1]
    return SharedResource(
        resource_id=kept["resource_id"],
        community_id=kept["community_id"],
        kind="link",
        **kept["about"],
        version=newest["number"],
        url=newest["content"]["url"],
        file=None,
        sha256=newest["content"]["sha256"],
        shared_by=kept["shared_by"],
        shared_at=kept["shared_at"],
        revised_at=newest["made_at"],
    )


if __name__ == "__main__":
    client: Any = AsyncIOMotorClient(sys.argv[2], tz_aware=True)
    app = bare(client["resources"]["resources"])
    uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False)
