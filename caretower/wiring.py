"""The only place that knows concrete classes: it gives every process the same frozen services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from api import services as api
from api.accounts import Accounts
from api.region import load_screens
from api.schemas.region import AgeLimits
from api.store import Store
from api.tokens import Tokens, load_key
from api.trackers import Trackers
from caretower.clock import RegionClock
from caretower.region_view import region_view
from caretower.settings import Settings
from directory.directory import Directory
from dispatch.dispatch import Dispatch
from dispatch.policy import Policy, load_policy
from dispatch.rides.policy import load_home_within_ms
from geo.region import Region, load_region
from record.clock import Clock
from record.engine import make_engine
from record.journal import Journal
from referral.policy import load_policy as load_referral_policy
from referral.referral import Referral
from referral.rides import AppointmentRides
from registry.cancelling import end_tasks
from registry.errors import PositionLost, Unavailable
from registry.freshness import load_freshness
from registry.gps import GpsPolicy, load_gps_policy
from registry.port import Registry
from registry.server import connect
from registry.vocabulary import Vocabulary, load_vocabulary

if TYPE_CHECKING:
    from caretower.travel import RegionTravel

POLICY = Path(__file__).parent.parent / "policy"

DOORS_TREES = 16
"""Destinations whose times an api process keeps: it is asked about a place now and then."""


STORE_FAULTS = (Unavailable, PositionLost, DBAPIError, PoolTimeout, OSError)
"""What a store that is away raises: waiting and trying again is right."""


class NotConfigured(ValueError):
    """A server's address is missing."""


@dataclass(frozen=True, slots=True)
class Tower:
    """One region's services, the same for the embedded and the production form."""

    settings: Settings
    clock: Clock
    region: Region
    vocabulary: Vocabulary
    policy: Policy
    engine: AsyncEngine
    registry: Registry
    journal: Journal
    directory: Directory
    dispatch: Dispatch
    referral: Referral
    rides: AppointmentRides
    accounts: Accounts
    trackers: Trackers


@asynccontextmanager
async def production(settings: Settings) -> AsyncIterator[Tower]:
    """Services over the servers that the settings name.

    Raises NotConfigured, and registry.errors.Unavailable when the registry's server is away.
    """
    if settings.redis_url is None or settings.database_url is None:
        raise NotConfigured("set CARETOWER_REDIS_URL and CARETOWER_DATABASE_URL")
    clock = RegionClock()
    region = load_region(settings.region, settings.cache_dir, settings.regions)
    vocabulary = load_vocabulary(POLICY / "vocabulary.toml")
    policy = load_policy(settings.policy("dispatch.toml"))
    async with AsyncExitStack() as stack:
        engine = make_engine(settings.database_url.get_secret_value())
        stack.push_async_callback(engine.dispose)
        registry = await connect(settings.redis_url.get_secret_value(), settings.region)
        stack.push_async_callback(registry.close)
        await clock.measure(registry)
        following = asyncio.create_task(clock.follow(registry))
        stack.push_async_callback(end_tasks, [following])
        journal = Journal(engine, clock)
        directory = Directory(journal)
        home_within_ms = load_home_within_ms(settings.policy("rides.toml"))
        dispatch = Dispatch(
            journal, registry, directory, policy, vocabulary, region.timezone, home_within_ms
        )
        referral_policy = load_referral_policy(settings.policy("referral.toml"))
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        tokens = Tokens(load_key(settings.state_dir / "token-key.json"), clock)
        yield Tower(
            settings=settings,
            clock=clock,
            region=region,
            vocabulary=vocabulary,
            policy=policy,
            engine=engine,
            registry=registry,
            journal=journal,
            directory=directory,
            dispatch=dispatch,
            referral=Referral(journal, registry, dispatch, referral_policy, clock),
            rides=AppointmentRides(journal, registry, dispatch.rides),
            accounts=Accounts(Store(engine), tokens, registry, clock),
            trackers=Trackers(Store(engine), tokens, registry, clock),
        )


def api_services(tower: Tower) -> api.Services:
    """What the doors need of the tower."""
    token = tower.settings.metrics_token
    return api.Services(
        region=region_view(
            tower.region,
            tower.vocabulary,
            freshness_limits(tower.settings),
            {tier.value: seconds for tier, seconds in tower.policy.target_s.items()},
            wall_population_limit=_wall_limit(tower.settings),
            simulated=tower.settings.simulated,
        ),
        vocabulary=tower.vocabulary,
        registry=tower.registry,
        directory=tower.directory,
        dispatch=tower.dispatch,
        referral=tower.referral,
        rides=tower.rides,
        identity=tower.accounts,
        travel=cache(partial(region_travel, tower, max_trees=DOORS_TREES)),
        trackers=tower.trackers,
        gps=_gps_policy(tower.settings),
        clock=tower.clock,
        settings=api.Settings(
            simulated=tower.settings.simulated,
            web_dist=tower.settings.web_dist,
            metrics_token=token.get_secret_value() if token else None,
        ),
    )


def region_travel(tower: Tower, *, max_trees: int) -> "RegionTravel":
    """Travel times by what the settings name; the engine's compiled code takes seconds to load."""
    from caretower.travel import RegionTravel, routers

    asked = routers(tower.settings.osrm_url, tower.settings.valhalla_url)
    return RegionTravel(tower.region, asked, max_trees=max_trees)


def _gps_policy(settings: Settings) -> GpsPolicy:
    """A simulated region may live many times as fast as life: there no speed is too high."""
    policy = load_gps_policy(POLICY / "gps.toml")
    return msgspec.structs.replace(policy, fastest_m_s=0.0) if settings.simulated else policy


def _wall_limit(settings: Settings) -> int:
    return load_screens(settings.policy("screens.toml")).wall.population_limit


def freshness_limits(settings: Settings) -> dict[str, AgeLimits]:
    """How old a figure may be, by source, as the screens need it."""
    policy = load_freshness(settings.policy("freshness.toml"))
    return {
        fact if source == "default" else source: AgeLimits(
            fresh_s=int(limits.ageing_s),
            ageing_s=int(limits.stale_s),
            stale_s=int(limits.no_response_s),
        )
        for fact, by_source in policy.limits.items()
        for source, limits in by_source.items()
    }
