"""MongoDB: one transaction for state and events, and the only room that knows Motor."""
