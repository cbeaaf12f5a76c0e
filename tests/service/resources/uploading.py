"""Uploading as a member does it, and what is left of it."""

from typing import Any

import httpx2

from tests.support.service import Service


async def uploads(
    client: httpx2.AsyncClient, name: str, content: bytes, **data: Any
) -> httpx2.Response:
    return await client.post(
        "/communities/open/files", files={"file": (name, content)}, data={"title": "Guide", **data}
    )


async def nothing_is_kept(service: Service) -> bool:
    collections = ("resources", "uploads", "fs.files", "fs.chunks", "outbox")
    counts = [await service.database[name].count_documents({}) for name in collections]
    return counts == [0] * len(collections)
