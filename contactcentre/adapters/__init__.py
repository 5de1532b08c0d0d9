"""The world, one package a technology, independent of one another."""
