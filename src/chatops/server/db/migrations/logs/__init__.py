"""Migrations of ``logs.db``."""
