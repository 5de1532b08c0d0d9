"""A contact-centre telephony platform: callers queue, advisers answer, and no single loss loses a caller."""
