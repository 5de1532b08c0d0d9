"""Whole days of a helpline, at signalling level: the product's queue under every call of a day."""
