"""Tasks and threads have an owner: they are started in one place.

The lint rule knows ``asyncio.create_task`` by its name; this test also knows a loop's method.
"""

from __future__ import annotations

import ast

from tests.support.source import modules

STARTERS = {"create_task", "ensure_future", "run_coroutine_threadsafe", "TaskGroup"}


def test_only_tasks_spawn_starts_tasks() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) in STARTERS
    ]
    assert {place.split(":")[0] for place in found} == {"chatops.tasks"}
    assert len(found) == 1
