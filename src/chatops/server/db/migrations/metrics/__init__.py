"""Migrations of ``metrics.db``."""
