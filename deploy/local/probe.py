"""Asking a service on this machine, past any proxy that is meant for the world outside."""

import http.client
from urllib.parse import urlsplit


def get(url: str) -> tuple[int, bytes]:
    """Status and body; raises OSError or HTTPException when nobody answers properly within two seconds."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=2)
    try:
        connection.request("GET", place._replace(scheme="", netloc="").geturl() or "/")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def answers(url: str) -> bool:
    try:
        return get(url)[0] == 200
    except (OSError, http.client.HTTPException):
        return False
