"""What an event is, and how it stands on the wire."""
