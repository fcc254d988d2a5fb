"""``chatops tail``: where lines come from, how those of many servers become one stream, and how
they are shown."""
