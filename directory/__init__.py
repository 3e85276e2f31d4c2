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

__all__ = [
    "EVERYWHERE",
    "Agreement",
    "Credential",
    "CrewMember",
    "Directory",
    "Facility",
    "Organization",
    "Service",
]
