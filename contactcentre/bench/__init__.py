"""Measurements of the real thing, each command printing one JSON line."""
