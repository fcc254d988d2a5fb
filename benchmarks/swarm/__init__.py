"""Thousands of agents from one process: the real protocol over a socket each, and nothing behind.

    python -m benchmarks.swarm --help

`agent` is one of them, `swarm` all that share an event loop, `worker` such a loop in a process
of its own. Each is made as cheap as it can be, so that hub and swarm fit on one machine.
"""
