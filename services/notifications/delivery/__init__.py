"""How what people are told reaches them outside Copse: by channels, of which mail is one, as far as they wish."""
