"""Alerts: rules, states, storms, silences, evidence. See docs/topics/alerts.md."""
