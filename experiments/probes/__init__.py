"""Probes: what is observed of a lab. Running a tool takes a lab and a place; reading what it said is pure."""
