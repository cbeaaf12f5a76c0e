"""What is shared."""

from services.resources import api, handlers, store
from shared.runtime.service import create_service, run

app = create_service(
    "resources",
    api.router,
    handlers.on,
    indexes=store.INDEXES,
    settings=store.ResourceSettings,
)

if __name__ == "__main__":
    run(app)
