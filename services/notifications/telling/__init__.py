"""Who is told of what: rules applied to events make notices, and each notice a notification for everybody it concerns."""
