"""The words that all data is made of: times, texts, limits."""
