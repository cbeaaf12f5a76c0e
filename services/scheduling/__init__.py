"""When people meet: rhythms, meetings, who comes, calendars to subscribe to."""
