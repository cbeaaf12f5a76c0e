"""docs/openapi/<service>.json: each service's HTTP API, as FastAPI tells it."""

import json

from deploy.docs.system import Service


def page(service: Service) -> str:
    """The OpenAPI document of a service, as JSON."""
    return json.dumps(service.app.openapi(), indent=2, ensure_ascii=False) + "\n"
