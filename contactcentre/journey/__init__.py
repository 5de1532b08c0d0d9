"""The doing: one module a stage of a call, independent of one another."""
