"""Who is new: a badge for the first community that a person joins."""
