"""Charts of histories in a terminal, and as a picture."""
