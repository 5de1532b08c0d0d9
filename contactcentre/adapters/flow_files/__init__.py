"""Flows, prompts and their sound, read strictly from ivr_flows/."""
