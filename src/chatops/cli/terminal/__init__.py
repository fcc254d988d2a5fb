"""``chatops shell``: this terminal as one on a server."""
