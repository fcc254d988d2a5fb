"""Telling people of alerts: channels, the outbox, and how messages are sent."""
