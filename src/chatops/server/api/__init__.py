"""REST under /api/v1: ``routes`` is the table of operations, the other modules their handlers."""
