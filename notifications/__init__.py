"""How people are told: words, channels and the ledger of sends; never changes a case."""
