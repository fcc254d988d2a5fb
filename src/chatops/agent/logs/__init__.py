"""Logs that an agent ships: their lines, what these say, and which files they stand in."""
