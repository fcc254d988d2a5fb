"""Files and folders as one stream of bytes, and back: what both ends of a copy do alike."""
