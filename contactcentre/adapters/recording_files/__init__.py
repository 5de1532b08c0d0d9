"""Recordings as files: sealed a second at a time, opened again for whoever may hear them."""
