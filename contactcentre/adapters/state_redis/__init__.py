"""Live state in Redis: keys, scripts and the client that runs them."""
