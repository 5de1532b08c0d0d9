"""The centre in one process and one thread, on simulated time: one seed is one run."""
