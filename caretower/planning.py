"""What only the planner process needs: the road engine, the policies of planning, the loop.

Kept apart from the wiring, because the solver's libraries take seconds to import.
"""

import time

from uuid6 import uuid7

from caretower.travel import RegionTravel
from caretower.watchdog import watchdog
from caretower.wiring import STORE_FAULTS, Tower
from dispatch.commands import Recommended
from dispatch.planning.planner import Planner, Surroundings
from dispatch.planning.policy import PlanningPolicy, load_planning_policy
from dispatch.planning.situation import Rules
from dispatch.request import Bundle
from dispatch.rides.loop import RidesLoop, RidesWorld
from dispatch.rides.policy import load_rides_policy
from record.actor import system
from registry.freshness import load_freshness

PLANNER = system("planner")


def planner(tower: Tower, travel: RegionTravel, owner: str) -> Planner:
    """The planning loop of this region; `owner` names the process in the lease."""

    async def announce(request: str, plan_version: int, bundle: Bundle | None) -> None:
        command = Recommended(str(uuid7()), request, plan_version, bundle)
        await tower.dispatch.recommended(PLANNER, command)

    zones = tower.region.authorities
    policy = load_planning_policy(tower.settings.policy("planning.toml"), tower.vocabulary)
    world = Surroundings(
        registry=tower.registry,
        requests=tower.dispatch,
        directory=tower.directory,
        travel=travel,
        heed=travel.heed,
        rules=Rules(
            planning=policy,
            freshness=load_freshness(tower.settings.policy("freshness.toml")),
            weight=tower.policy.weight,
            vocabulary=tower.vocabulary,
        ),
        clock=tower.clock,
        ticks=time.monotonic,
        timezone=tower.region.timezone,
        names={zone: zones.name(zone) for zone in zones.ids},
        announce=announce,
        outages=STORE_FAULTS,
        rides=rides_loop(tower, travel, policy),
        alive=watchdog(policy.hung_after_s),
    )
    return Planner(world, owner)


def rides_loop(tower: Tower, travel: RegionTravel, policy: PlanningPolicy) -> RidesLoop:
    """The loop that plans the region's scheduled rides beside it."""
    offered = [word for group in policy.van_groups for word in tower.vocabulary.needs[group]]
    world = RidesWorld(
        rides=tower.dispatch.rides,
        travel=travel,
        policy=load_rides_policy(tower.settings.policy("rides.toml"), policy.load_s),
        words=tuple(offered),
        clock=tower.clock,
        ticks=time.monotonic,
        heed=travel.heed,
        outages=STORE_FAULTS,
    )
    return RidesLoop(world)
