"""docs/reference/errors.md: the error codes, what each means, and how it is answered."""

from __future__ import annotations

from typing import Final

from chatops.cli.exits import EXIT
from chatops.errors import STATUS, ChatOpsError, error_classes
from docs.gen.markdown import code, summary, table

PAGE: Final = "reference/errors.md"
INTRODUCTION: Final = """# Errors

Every error of ChatOps has a code. The codes are stable: scripts may rely on them, while the
messages may change. The hub answers a request that failed with the HTTP status below and

```json
{"error": {"code": "not_found", "message": "…", "hint": "…", "details": {}}}
```

where `hint` and `details` are there only if there is something to say. The command line prints
`error:` and `hint:` lines on stderr, or the same object under `-o json`, and ends with the exit
code below. `exec` and its family have exit statuses of their own: see [exit codes](exit-codes.md).

"""


def render() -> str:
    """The page."""
    rows = [_row(name, cls) for name, cls in sorted(error_classes().items())]
    return INTRODUCTION + table(
        ["code", "HTTP status", "exit code", "meaning", "Python class"], rows
    )


def _row(name: str, cls: type[ChatOpsError]) -> list[str]:
    return [code(name), str(STATUS[name]), str(EXIT[name]), summary(cls.__doc__),
            code(f"chatops.errors.{cls.__name__}")]  # fmt: skip
