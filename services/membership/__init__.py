"""Who belongs: community types, communities with their members, people."""
