"""``kill -9`` of the hub, the agent or the command line at random moments of runs.

KILL_SEED=N repeats a run's moments: it is printed with a failure.
"""

from __future__ import annotations

import os
import random
from typing import get_args

import pytest

from tests.support.killing import Killing, Victim
from tests.support.processes import Bench

FEW = {"hub": 2, "agent": 3, "cli": 3}
"""A hub's return takes its agents seconds."""
MANY = 50


def kill_again_and_again(place: Bench, victim: Victim, moments: int) -> None:
    seed = int(os.environ.get("KILL_SEED", random.randrange(2**32)))
    print(f"KILL_SEED={seed}")
    killing = Killing(place, victim, seed)
    killing.begin()
    struck = [killing.strike(number) for number in range(moments)]
    killing.check(struck)


@pytest.mark.parametrize("victim", get_args(Victim))
def test_a_few_moments(place: Bench, victim: Victim) -> None:
    kill_again_and_again(place, victim, FEW[victim])


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("victim", get_args(Victim))
def test_many_moments(place: Bench, victim: Victim) -> None:
    kill_again_and_again(place, victim, MANY)
