"""How the tables came to be, step by step: a step once released is never edited."""
