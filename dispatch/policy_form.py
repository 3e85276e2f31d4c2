"""How a policy file is written: no unknown field, and every table names its source."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Form(BaseModel):
    """A table of a policy file; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sourced(Form):
    """Figures, and where they come from."""

    source: Annotated[str, Field(min_length=3)]


class Verified(Sourced):
    """`verified` is true only for a rule that was read in a primary source."""

    verified: bool
