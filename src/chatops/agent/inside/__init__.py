"""What runs a command in a container: a process of its own, between the engine and the agent.

For the agent it is a command like any other: a process group with pipes. It is started with
nothing but the standard library on its path (see chatops.agent.container_launch), so nothing in
this package, and nothing that it imports, may need more. ``json`` takes as long to import as all
else, and is imported where it is used, while the engine is at work.
"""
