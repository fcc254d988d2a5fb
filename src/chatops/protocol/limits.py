"""The bounds on what a peer may send, in one place. Sizes are bytes, times seconds."""

from __future__ import annotations

from typing import Final

KiB: Final = 1024
MiB: Final = 1024 * KiB

# Connections
MAX_CONNECTIONS: Final = 20_000
"""Connections to the hub, as far as the limit on open files allows; one more is answered 503."""
MAX_ADDRESS_CONNECTIONS: Final = 10_000
"""Connections from one address (of IPv6 from one /64), which may be that of a whole site; one
more is answered 429. Trusted proxies are not held to it."""
MAX_STRANGERS: Final = 2000
"""Connections that have not signed in. When all are taken, who has waited longest goes from where
most have come from."""
MAX_ADDRESS_STRANGERS: Final = 1000
"""Of these from one address; one more is answered 429."""
STRANGER_GRACE: Final = 2.0
"""How long who has not signed in may be silent before its place is given to a newcomer."""
ASKED_GRACE: Final = 10.0
"""How much longer it keeps its place after a whole request, which may wait for its turn."""
MAX_REFUSALS: Final = 64
"""Refused connections that are told why at the same time; more are just closed."""
SPARE_FILES: Final = 256
"""Open files that connections leave to the databases and everything else of the hub."""
HANDSHAKE_TIMEOUT: Final = 10.0
"""How long a TLS handshake may take."""
HEAD_TIMEOUT: Final = 10.0
"""How long a fresh connection may take to send the head of its first request."""
KEEP_ALIVE: Final = 75.0
"""How long a connection may wait between requests."""

# HTTP
MAX_HEADERS: Final = 64
"""Lines in the head of a request, each of at most 8 KiB."""
MAX_BODY: Final = 1 * MiB
"""Largest request body; a larger one is answered 413 and never read whole."""
MAX_OPEN_BODY: Final = 32 * KiB
"""The same of the operations for which nobody has to be signed in."""
BODY_TIMEOUT: Final = 30.0
"""How long a request's body may take to come."""
MAX_REQUESTS: Final = 2000
"""API requests that are being answered, streams among them; one more is answered 503."""
MAX_ADDRESS_REQUESTS: Final = 500
"""Of these from one address; one more is answered 429."""
REQUEST_RATE: Final = 500
"""Requests a second from one address; more are answered 429."""
MAX_ANSWER: Final = 64 * MiB
"""Largest answer that a client reads whole; streams are not bounded by it."""
LARGEST_VALUE: Final = 1e150
"""Largest value, of either sign, that a history keeps: so sums stay finite."""
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
MAX_TARGET: Final = 4096
"""Characters of a TARGET."""
MAX_GLOBS: Final = 50
"""Globs in a TARGET: each of them is tried on the name of each server."""
MAX_PASSWORD_CHECKS: Final = 256
"""Passwords that wait to be checked or hashed. Addresses take turns; when all places are taken,
the last one of the address that has most is answered 503."""
MAX_ADDRESS_PASSWORD_CHECKS: Final = 32
"""Of these from one address; one more is answered 503."""
ACCOUNT_FAILURES: Final = 10
"""Failed sign-ins a minute by address and account; more are answered 429."""
ADDRESS_FAILURES: Final = 100
"""Failed sign-ins a minute by address; more are answered 429."""
MAX_TAGS: Final = 32
"""Tags of one server."""
MAX_HISTORY_METRICS: Final = 20
"""Metrics that one history request may ask for."""
MAX_HISTORY_SERVERS: Final = 100
"""Servers whose history one request may ask for."""

# Sockets
AUTH_TIMEOUT: Final = 5.0
"""How long a fresh socket may take to send its first frame."""
MAX_FIRST_BYTES: Final = 64 * KiB
"""What a socket may send before it has signed in, unless it has one of few places for more."""
MAX_LARGE_FIRST: Final = 64
"""Sockets that may send as much as an agent's frame before they have signed in: an agent with a
long policy does. When all places are taken, it is as with ``MAX_STRANGERS``."""
MAX_ADDRESS_LARGE_FIRST: Final = 16
"""Of these from one address; one more is closed as ``too_many``."""
MAX_AGENT_FRAME: Final = 1 * MiB
"""Largest frame the hub takes from an agent."""
MAX_CLIENT_FRAME: Final = 64 * KiB
"""Largest frame the hub takes from a client."""
MAX_HUB_FRAME: Final = 1 * MiB
"""Largest frame the hub sends to an agent or a client."""
MAX_BAD_FRAMES: Final = 20
"""After so many unusable frames in a row a session is closed: the peer is not ours."""
MAX_SUBSCRIBERS: Final = 2000
"""Sockets of clients that watch metrics or logs, altogether; one more is closed as ``busy``."""
MAX_USER_SUBSCRIBERS: Final = 1000
"""Of these by one account; one more is closed as ``too_many``."""
TOKEN_CHECK: Final = 15.0
"""How often the token of a live subscription is looked at: one that has expired ends it as
``not_signed_in``, and its client comes back with a fresh one. Revocation does not wait for it."""
MAX_FOLLOWERS: Final = 1000
"""Sockets of clients that follow a command or run, altogether; one more is closed as ``busy``."""
MAX_USER_FOLLOWERS: Final = 250
"""Of these by one account; one more is closed as ``too_many``."""
FLEET_LOOK: Final = 5.0
"""How often it is looked which servers a subscription to many is for, and at its token. A server
that may not be seen any more is dropped from it at once."""
MAX_SUBSCRIBER_BACKLOG: Final = 256 * KiB
"""Frames waiting for one slow subscriber; past it events are left out, and it is told how many."""
MAX_AGENT_BACKLOG: Final = 8 * MiB
"""Frames waiting for one agent: more than any command; one that lets more pile up is dead."""
STALL_AFTER: Final = 60.0
"""How long a peer may take no byte before it counts as gone."""
EVENT_BURST: Final = 40
"""Events (connected, disconnected, replaced) of one server that are recorded at once."""
EVENT_EVERY: Final = 60.0
"""Seconds for each further one; those between are left out, and the next one says how many."""

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
"""Bytes of data in one stream frame; those of copies have more."""
MAX_AGENT_FEEDS: Final = 16
"""Feeds that one agent has at the same time; one more is answered ``busy``."""
MAX_FEEDS: Final = 500
"""Feeds that a hub has at the same time; one more is answered 503."""
MAX_USER_FEEDS: Final = 50
"""Of these by one account; one more is answered 429."""
COPY_CREDIT: Final = 1 * MiB
"""Bytes that a copy may have under way."""
MAX_COPY_DATA: Final = COPY_CREDIT // 4
"""Bytes of data in one frame of a copy: much of what the programs do they do once a frame."""
MAX_AGENT_COPIES_IN: Final = 4
"""Copies that one agent writes at the same time: with their credit they must fit into what may
wait for an agent."""
COPY_KEPT: Final = 120.0
"""How long an agent keeps a copy that was cut off: longer than any client tries again."""
COPY_SILENT: Final = 60.0
"""Seconds that a copy to a server waits for who sends it, before it gives its place to others."""
COPY_SIGN: Final = 15.0
"""Seconds without a byte after which who sends it, and is at work on it, says so."""
MAX_COPY_DEPTH: Final = 128
"""Folders within one another in what is copied."""
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
MAX_SKEW: Final = 2.0
"""Seconds by which two clocks may differ and still count as the same."""
LEAST_SPOOL: Final = 512 * KiB
"""Smallest spool of an agent: two of the segments that it consists of."""
MAX_UNACKED: Final = 64
"""Samples an agent may have under way without an ack."""
MAX_SERIES: Final = 2000
"""Devices, mounts, sensors, containers, custom values in one sample, altogether."""
MAX_PATH: Final = 4096
"""Characters in the path of a file."""
MAX_PLACE: Final = 4096
"""Characters of a place in a file, as an agent gives it out."""
MAX_LABEL: Final = 256
"""Characters in the name of a mount, device, container and so on; a longer one is cut."""
MAX_TOP_PROCESSES: Final = 20
"""Processes in each of a sample's two lists of them."""
MAX_PROCESSES: Final = 10_000
"""Processes that one request may ask for."""
PROCESSES_WITHIN: Final = 8.0
"""How long an agent may take to list them: a request that waits for it is answered before a client
thinks that the hub is gone."""
MAX_COMMAND_LINE: Final = 1024
"""Characters of a process's command; a longer one is cut."""
MAX_UNIT_NAMES: Final = 100
"""Failed units that a sample names."""
MAX_SERVER_SERIES: Final = 1000
"""METRIC names, instances included, that one server's history takes at the same time (within a
day); what comes on top is left out, and said."""
MAX_OLD_SERIES: Final = 20_000
"""The same with those that are kept of the past: containers and mounts that came and went."""
MAX_THRESHOLDS: Final = 20_000
"""Rules that a hub keeps."""
MAX_SILENCES: Final = 200
"""Silences that hold at a time."""

# Logs
MAX_LOG_LINES: Final = 1000
"""Lines in one message."""
MAX_LOG_LINE: Final = 16 * KiB
"""Characters of a line; a longer one is cut."""
MAX_LOG_MESSAGE: Final = 64 * KiB
"""Bytes of a message of lines, about, so that what is more urgent never waits for long."""
MAX_UNACKED_LOGS: Final = 256 * KiB
"""Bytes of lines that an agent may have under way without an ack, about."""
MAX_SERVER_LOGS: Final = 2 * MiB
"""Bytes of lines of one server that may wait for the hub's writer; more are left out, to be sent
again."""
MAX_WAITING_LOGS: Final = 64 * MiB
"""The same of all servers."""
MAX_LOG_SOURCES: Final = 5000
"""Sources of one server whose names are kept; lines of further ones have the source ``other``."""
MAX_LOG_EPOCHS: Final = 1000
"""Epochs of lines that the hub knows of one server; of more the one longest unused is forgotten."""
MAX_PATTERN: Final = 1000
"""Characters of a regular expression that somebody looks for in lines."""
MAX_PATTERN_MEMORY: Final = 64 * KiB
"""What RE2 may take for it: a pattern that needs more is refused. It bounds the time a line takes,
too: 0.2 s for the worst of the longest."""

# Notifications
MAX_CHANNELS: Final = 100
"""Channels of a hub."""
MAX_CHANNEL_URL: Final = 4096
"""Characters of a channel's URL."""
MAX_CHANNEL_SECRET: Final = 1024
"""Characters of the secret that a webhook is signed with."""
MAX_MESSAGE_ALERTS: Final = 100
"""Alerts in one message; more go into the next one."""
MAX_REMINDED: Final = 1000
"""Alerts that a channel is reminded of at the same time; more are next."""
MAX_RECEIVER_ANSWER: Final = 4 * KiB
"""What is read of a receiver's answer."""
SEND_TIMEOUT: Final = 10.0
"""How long a webhook may take, from looking up its name to the end of its answer."""
APPRISE_TIMEOUT: Final = 30.0
"""How long Apprise may take to send a message."""
MAX_APPRISE: Final = 4
"""Messages that Apprise sends at the same time, each in a process of its own; more wait."""
LAST_DELIVERY: Final = 5.0
"""How long messages that are being sent have for their answers when the hub stops."""
