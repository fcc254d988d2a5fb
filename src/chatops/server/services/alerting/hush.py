"""Silences as alerts meet them: those that hold now. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from chatops.server.services.alerting.machine import Alert
from chatops.server.services.alerting.plans import Rights, Scope
from chatops.server.services.alerting.rule import EACH, Watched


class Hush(NamedTuple):
    """Until ``until`` (Unix seconds) nobody is told of alerts of ``scope``, of one METRIC or
    (None) of all. A METRIC without an instance, or with EACH, stands for each of them."""

    id: str
    scope: Scope
    metric: str | None
    until: float


class Hushes:
    """All of them."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights
        self._all: dict[str, Hush] = {}

    def put(self, hush: Hush) -> None:
        """Add one."""
        self._all[hush.id] = hush

    def remove(self, hush_id: str) -> None:
        """End one; one that is not there is fine."""
        self._all.pop(hush_id, None)

    def hand_over(self, owner: str, to: str) -> None:
        """All silences of somebody are another's now."""
        for one in list(self._all.values()):
            if one.scope.owner == owner:
                self.put(one._replace(scope=one.scope._replace(owner=to)))

    def end(self, now: float) -> bool:
        """Take out those that have ended; whether there were any."""
        over = [one.id for one in self._all.values() if one.until <= now]
        for hush_id in over:
            del self._all[hush_id]
        return bool(over)

    def cover(self, alert: Alert) -> bool:
        """Whether nobody is told of an alert; of one of several servers, of every one of them."""
        fitting = [one for one in self._all.values() if _fits(one.metric, alert)]
        return bool(fitting) and all(self._covered(fitting, one) for one in concerned(alert))

    def _covered(self, hushes: Iterable[Hush], server_id: str) -> bool:
        return any(self._rights.covers(one.scope, server_id) for one in hushes)


def concerned(alert: Alert) -> list[str]:
    """The servers that an alert is about."""
    return [alert.server_id] if alert.server_id else list(alert.members)


def _fits(metric: str | None, alert: Alert) -> bool:
    name = alert.rule.watched.name
    instances = (str(Watched(name, one)) for one in (alert.instance, EACH))
    return metric in (None, name, *instances)
