"""ChatOps: watch and run a fleet of servers from the command line."""

__version__ = "0.1.0"
