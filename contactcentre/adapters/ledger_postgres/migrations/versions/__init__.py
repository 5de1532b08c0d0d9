"""The steps. Expand first, contract a release later: two versions run together across sites."""
