"""A brake on a router, for its tests."""


class StagedBrake:
    """A brake that holds a router back while the test says so."""

    def __init__(self) -> None:
        self.holds = False
        self.is_on = False
        self.looks_count = 0
        self.tries_count = 0

    async def look(self) -> None:
        """Count it."""
        self.looks_count += 1

    def allows(self) -> bool:
        """Say what the test says."""
        return not self.holds

    def tried(self) -> None:
        """Count it."""
        self.tries_count += 1
