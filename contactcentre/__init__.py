"""A contact centre: callers queue, advisers answer, and no single loss loses a caller."""
