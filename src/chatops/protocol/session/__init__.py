"""The decisions of a connection as pure code: no socket, no task, no clock of its own.

Time comes in as an argument (monotonic seconds), chance as a function; what is to be done
comes out. The I/O shells are agent/connection and server/ws.
"""
