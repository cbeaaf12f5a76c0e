"""Membership, wired."""

from services.membership import api, handlers, store
from shared.runtime.service import create_service, run

app = create_service("membership", api.router, handlers.on, indexes=store.INDEXES)

if __name__ == "__main__":
    run(app)
