"""Lines of chatops tail."""
