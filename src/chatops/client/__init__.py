"""The Python API of a ChatOps hub.

    from chatops.client import Client

    with Client("http://127.0.0.1:8765") as client:
        client.auth.login("admin", password)
        for event in client.commands.stream("web-1", ["uptime"]):
            ...

Synchronous and typed; it needs nothing but the standard library, msgspec, and for live
subscriptions ``websockets``. Errors are those of chatops.errors, answers the structs of
chatops.protocol.rest.
"""

from chatops.client.client import Client

__all__ = ["Client"]
