"""A node's own disk, where events wait until PostgreSQL has them."""
