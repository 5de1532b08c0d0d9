"""A Valkey and a PostgreSQL of our own, for a machine that has none."""
