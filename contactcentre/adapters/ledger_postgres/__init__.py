"""The record of every call, the advisers' words on it and their accounts, in PostgreSQL."""
