"""Settings from the environment (`CARETOWER_*`), read once at the front door."""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_dir() -> Path:
    """Where embedded servers keep their files: /var/lib for root, else the user's own folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/caretower")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "caretower"


POLICY = Path(__file__).parent.parent / "policy"
OWN_POLICIES = (
    "dispatch.toml",
    "referral.toml",
    "freshness.toml",
    "planning.toml",
    "rides.toml",
    "screens.toml",
    "simulation.toml",
)
"""The policy files that a local authority may replace."""
REGION_ID = r"^[a-z][a-z0-9-]{1,30}$"


class Settings(BaseSettings):
    """Everything that an operator may set. Secrets never appear in a representation."""

    model_config = SettingsConfigDict(env_prefix="CARETOWER_", extra="ignore", frozen=True)

    region: Annotated[str, Field(pattern=REGION_ID)] = "utah"
    regions_dir: Path | None = None
    policy_dir: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    data_dir: Path = Field(default_factory=default_data_dir)
    redis_url: SecretStr | None = None
    database_url: SecretStr | None = None
    database_owner_url: SecretStr | None = None
    osrm_url: HttpUrl | None = None
    valhalla_url: HttpUrl | None = None
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    simulated: bool = False
    log_level: Annotated[str, Field(pattern=r"^(debug|info|warning|error)$")] = "info"

    @model_validator(mode="before")
    @classmethod
    def _region_by_its_folder(cls, values: Any) -> Any:
        """`CARETOWER_REGION` may name a region's folder: then its name is the region's id."""
        region = values.get("region") if isinstance(values, dict) else None
        if not isinstance(region, str | Path) or os.sep not in str(region):
            return values
        folder = Path(region).expanduser().resolve()
        return {**values, "region": folder.name, "regions_dir": folder.parent}

    @field_validator("policy_dir")
    @classmethod
    def _must_be_there(cls, folder: Path | None) -> Path | None:
        """A slip in the name would let a region run by somebody else's clocks and weights."""
        if folder is None:
            return None
        if not folder.is_dir():
            raise ValueError(f"there is no folder {folder}")
        for name in sorted(one.name for one in folder.iterdir()):
            if name not in OWN_POLICIES and not name.startswith(".") and not name.endswith(".md"):
                known = ", ".join(OWN_POLICIES)
                raise ValueError(
                    f"{folder / name} replaces no policy file; {known} can be replaced"
                )
        return folder

    @property
    def regions(self) -> Path:
        """Where the folders of one's own regions are."""
        return self.regions_dir or self.data_dir / "regions"

    @property
    def state_dir(self) -> Path:
        """What the embedded servers of this region keep; a region of one's own has its own."""
        own = (self.regions / self.region).is_dir()
        return self.data_dir / "state" / self.region if own else self.data_dir

    def policy(self, name: str) -> Path:
        """A policy file: the local authority's own where it hands one in, else the project's."""
        own = self.policy_dir and self.policy_dir / name
        return own if own and os.path.lexists(own) else POLICY / name

    @property
    def cache_dir(self) -> Path:
        """Files that can be made again at any time."""
        return self.data_dir / "cache"

    @property
    def web_dist(self) -> Path:
        """The built browser client."""
        return Path(__file__).parent.parent / "web" / "dist"
