"""The pages that callers see: their words, their templates, their sound and what serves them."""
