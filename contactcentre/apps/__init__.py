"""One module a process, and the place where adapters meet ports."""
