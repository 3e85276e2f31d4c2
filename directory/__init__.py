"""Who takes part: organizations, facilities, services, agreements, crews and credentials."""

from directory.directory import Directory
from directory.participants import (
    EVERYWHERE,
    Agreement,
    Credential,
    CrewMember,
    Facility,
    Organization,
    Service,
)
from directory.roster import Rostered

__all__ = [
    "EVERYWHERE",
    "Agreement",
    "Credential",
    "CrewMember",
    "Directory",
    "Facility",
    "Organization",
    "Rostered",
    "Service",
]
