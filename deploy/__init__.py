"""How Copse is brought up: topics, the local runner without Docker, the command line."""
