"""Everything that two ChatOps programs must agree on, each thing once.

``messages`` and ``metrics`` travel between agent and hub, ``rest`` between hub and
clients, ``frames`` carry raw bytes on both. ``codec`` turns them into bytes and back,
``limits`` bounds them, ``closing`` names the reasons for which a socket is closed, and
``session`` holds the decisions of a connection as pure code without I/O or clock.
"""

from typing import Final

PROTOCOL_VERSION: Final = 1
"""Version of the agent's wire. Fields and types are only ever added within a version."""
