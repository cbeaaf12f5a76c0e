"""Exit code 0 when the service in this container says that it is ready. It runs every few seconds, so it imports little."""

import socket
import sys

with socket.create_connection(("127.0.0.1", 8000), timeout=3) as service:
    service.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
    sys.exit(b" 200 " not in service.recv(64))
