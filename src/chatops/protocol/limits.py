"""The bounds on what a peer may send, in one place. Sizes are bytes, times seconds."""

from __future__ import annotations

from typing import Final

KiB: Final = 1024
MiB: Final = 1024 * KiB

# HTTP
MAX_BODY: Final = 1 * MiB
"""Largest request body; a larger one is answered 413 and never read whole."""
BODY_TIMEOUT: Final = 30.0
"""How long a request's body may take to come."""
MAX_ANSWER: Final = 64 * MiB
"""Largest answer that a client reads whole; streams are not bounded by it."""
MAX_NAME: Final = 63
"""Characters in the name of a server, user or key."""
MAX_PAGE: Final = 1000
"""Most items one page of a list holds, whatever ``limit`` asks for."""
DEFAULT_PAGE: Final = 100
"""Items on a page when no ``limit`` is given."""
MIN_PASSWORD: Final = 8
"""Characters in a new password."""
MAX_PASSWORD: Final = 1024
"""Longer input to the password hash would only buy an attacker our CPU."""
MAX_TAGS: Final = 32
"""Tags of one server."""
MAX_HISTORY_METRICS: Final = 20
"""Metrics that one history request may ask for."""

# Sockets
AUTH_TIMEOUT: Final = 5.0
"""How long a fresh socket may take to send its first frame."""
MAX_AGENT_FRAME: Final = 1 * MiB
"""Largest frame the hub takes from an agent."""
MAX_CLIENT_FRAME: Final = 64 * KiB
"""Largest frame the hub takes from a client."""
MAX_HUB_FRAME: Final = 1 * MiB
"""Largest frame the hub sends to an agent or a client."""
MAX_BAD_FRAMES: Final = 20
"""After so many unusable frames in a row a session is closed: the peer is not ours."""
MAX_SUBSCRIBERS: Final = 2000
"""Sockets of clients that watch metrics or logs, altogether."""
MAX_UNAUTHENTICATED: Final = 256
"""Sockets, over all addresses, that may be waiting for their first frame."""

# Liveness (agent and hub use the same rule, see session.heartbeat)
PING_AFTER: Final = 10.0
"""Silence after which a ping is sent."""
DEAD_AFTER: Final = 25.0
"""Silence after which the link counts as dead: below the 30 s that are promised."""

# Commands and their output
MAX_COMMAND: Final = 128 * KiB
"""A command's text or vector altogether: what Linux takes as one argument."""
MAX_ARGUMENTS: Final = 4096
"""Words in a command that is a vector."""
KEPT_HEAD: Final = 512 * KiB
"""What is kept of a stream's beginning, on the hub and, without a watcher, on the agent."""
KEPT_TAIL: Final = 512 * KiB
"""What is kept of a stream's end."""
STREAM_CREDIT: Final = 256 * KiB
"""Bytes a sender may have under way on one stream."""
MAX_STREAM_DATA: Final = 64 * KiB
"""Bytes of data in one stream frame."""
LOST_AFTER: Final = 30.0
"""A command whose agent is silent so long is ``lost``."""
LOST_AFTER_START: Final = 75.0
"""The same, counted from the hub's start: longer than any agent's back-off then."""
DEFAULT_PARALLEL: Final = 50
"""Servers that run a command of one run at the same time, unless it says otherwise."""
MAX_PARALLEL: Final = 1000
"""The most that may be asked for."""
RUN_CREDIT: Final = 4 * MiB
"""Bytes that the streams of one run may have under way altogether while it is watched."""
STDIN_GRACE: Final = 60.0
"""A command whose standard input is cut off before its end is cancelled after so long."""
ATTACH_WITHIN: Final = 30.0
"""Who makes a run to attach to has so long to do it."""
MAX_RUNNING_COMMANDS: Final = 64
"""Commands an agent runs at the same time; one more is refused with a reason."""

MAX_POLICY_RULES: Final = 100
"""Entries of each list in an agent's policy that a hub is told of."""
MAX_POLICY_TEXT: Final = 200
"""Characters of each of them."""

# Samples
MIN_INTERVAL: Final = 1.0
"""Shortest time between samples."""
DEFAULT_INTERVAL: Final = 5.0
"""Time between samples unless hub or agent say otherwise."""
MAX_INTERVAL: Final = 300.0
"""Longest time between samples."""
MAX_UNACKED: Final = 64
"""Samples an agent may have under way without an ack."""
MAX_SERIES: Final = 2000
"""Devices, mounts, sensors and so on in one sample, altogether."""
MAX_LABEL: Final = 256
"""Characters in the name of a mount, device or sensor; a longer one is cut."""
