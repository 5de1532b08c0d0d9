"""The written record in PostgreSQL."""
