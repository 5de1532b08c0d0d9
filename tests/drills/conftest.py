"""What the tests of drills begin with."""

import pytest

from tests.drills.saw import Saw


@pytest.fixture
def saw() -> Saw:
    """Give a history in which nothing has happened."""
    return Saw()
