"""The deterministic part: events in, facts and asks out."""
