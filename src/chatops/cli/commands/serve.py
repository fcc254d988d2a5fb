"""``chatops serve``."""

from __future__ import annotations

import inspect
from typing import Any

from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.options import CONFIG, flags_of
from chatops.options import load, read_file

app = group("Run the hub.")


def _flags() -> list[inspect.Parameter]:
    from chatops.server.settings import HubSettings

    return flags_of(HubSettings)


@command(app, "serve", example="chatops serve --data-dir /srv/chatops", hub=False, extra=_flags())
def serve(cli: Cli, config: CONFIG = None, **flags: Any) -> int:
    """Run the hub until Ctrl-C or SIGTERM.

    On an empty data folder the schema, the secrets and the user `admin` are made. A line that
    begins `chatops hub ready at` is printed when it can be used.
    """
    from chatops.server.settings import HubSettings
    from chatops.server.start import serve as run_hub

    cli.out.say_at_once()
    file = read_file(config) if config is not None else None
    return run_hub(load(HubSettings, flags=flags, file=file), cli.out.say)
