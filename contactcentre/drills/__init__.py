"""Real processes broken on purpose under real callers, and a checker of what the callers saw."""
