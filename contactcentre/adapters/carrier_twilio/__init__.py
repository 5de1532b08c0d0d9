"""Twilio: what it asks of us and how it is answered."""
