"""What the rules need of the world, in their words; each method is one atomic step."""
