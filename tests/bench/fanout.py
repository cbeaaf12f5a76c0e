"""One event that tells ten thousand people, beside inserting as many documents by hand."""
