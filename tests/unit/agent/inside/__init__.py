"""Tests of what runs commands in containers."""
