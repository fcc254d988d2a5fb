"""``chatops top``: a full-screen live view of the fleet.

What is known and how it looks is pure (trail, fleet, order, columns, panels …) and made of plain
lines (spans); ``feed`` asks the hub in threads of its own; ``app`` and the ``*_screen`` modules
put lines on the terminal with Textual, a few times a second, however much arrives. Textual is
imported by these alone.
"""
