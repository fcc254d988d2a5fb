"""What an agent may name in ``features`` of its ``auth``: the requests that it knows beyond the
first ones. A hub asks only those that do."""

from __future__ import annotations

from typing import Final

PROCESSES: Final = "processes"
"""It answers ``processes``."""
CONTAINER_COMMANDS: Final = "container_commands"
"""It looks at the ``container`` of a command. Another would run the command on its host."""
FEEDS: Final = "feeds"
"""It answers a ``docker_command`` with ``streams`` too."""
LOG_FEEDS: Final = "log_feeds"
"""It answers ``feed``, for the sources ``file`` and ``unit``."""
TERMINALS: Final = "terminals"
"""It looks at the ``terminal`` of a command, and answers ``resize``. Another would run the command
without one."""
COPIES: Final = "copies"
"""It answers ``feed`` for the sources ``copy_out`` and ``copy_in``."""
