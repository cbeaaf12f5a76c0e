"""The whole system on one machine, without Docker: the parts it stands on and its services, as processes."""
