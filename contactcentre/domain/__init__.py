"""The rules: pure, synchronous, standard library only; no clock, no dice, no input or output."""
