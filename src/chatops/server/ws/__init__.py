"""The hub's WebSockets: agents on one, subscribers of metrics and logs on the others."""
