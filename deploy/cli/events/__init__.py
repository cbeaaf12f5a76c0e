"""What is on the topics, in readable form; and events put there by hand."""
