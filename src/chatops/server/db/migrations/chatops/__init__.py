"""Migrations of ``chatops.db``."""
