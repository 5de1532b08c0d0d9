"""The clock and the dice of this machine."""
