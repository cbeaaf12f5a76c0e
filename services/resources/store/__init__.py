"""Where what is shared is kept: items and standings in collections, bytes in GridFS."""

from pymongo import IndexModel

from services.resources.store.antivirus import require_clean
from services.resources.store.blobs import keep, read, sweep
from services.resources.store.items import (
    binned,
    change,
    in_community,
    revise,
    search,
    see,
    see_in_bin,
    share,
)
from services.resources.store.standings import standing_in

__all__ = [
    "INDEXES",
    "binned",
    "change",
    "in_community",
    "keep",
    "read",
    "require_clean",
    "revise",
    "search",
    "see",
    "see_in_bin",
    "share",
    "standing_in",
    "sweep",
]

INDEXES = {
    "resources": [
        IndexModel([("community_id", 1), ("binned_at", 1), ("_id", -1)]),
        IndexModel(
            [("about.title", "text"), ("about.tags", "text"), ("about.description", "text")],
            name="words",
            weights={"about.title": 10, "about.tags": 5, "about.description": 1},
            language_override="no_field_tells_the_language",
        ),
    ],
    "communities": [IndexModel([("privacy", 1)])],
    "memberships": [IndexModel([("person_id", 1)])],
    "uploads": [IndexModel([("at", 1)])],
    # as GridFS itself would create them, at the first upload
    "fs.files": [IndexModel([("filename", 1), ("uploadDate", 1)])],
    "fs.chunks": [IndexModel([("files_id", 1), ("n", 1)], unique=True)],
}
