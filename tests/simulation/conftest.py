"""A real server of these tests' own: they tell it what to refuse and empty it."""

from tests.adapters.state_redis.conftest import server

__all__ = ["server"]
