"""Logs without personal data, metrics, and health."""
