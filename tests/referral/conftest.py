"""The room under test."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from record.journal import Journal
from referral.referral import Referral
from registry.port import Registry
from tests.referral.house import POLICY, EndedRequests, House, Time


@pytest.fixture
def house(registry: Registry, engine: AsyncEngine) -> House:
    time, requests = Time(), EndedRequests()
    service = Referral(Journal(engine, time), registry, requests, POLICY, time)
    return House(service, registry, engine, time, requests)
