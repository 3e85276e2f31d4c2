"""Log-in, the account behind a token, and the walls' device tokens."""

from typing import Annotated

from pydantic import Field, StringConstraints

from api.schemas.edge import Answer, Body, Command, Id, Millis, Name, Role


class LogIn(Body):
    name: Name = Field(examples=["dispatcher"])
    password: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Account(Answer):
    """Who is calling: a facility's, unit's or provider's account carries its scope."""

    id: Id
    name: str
    role: Role
    scope: str | None = Field(
        description="facility: its id; field: `team:<id>` or `van:<id>`; provider: its id"
    )


class Session(Answer):
    token: str = Field(description="goes into `Authorization: Bearer …`")
    expires_ms: Millis
    account: Account


class Colleague(Answer):
    """Somebody at dispatch: the name behind an owner's id."""

    id: Id
    name: str
    role: Role


class Colleagues(Answer):
    items: list[Colleague]


class NewWallToken(Command):
    name: Name = Field(description="where the wall hangs", examples=["Control room, north"])


class WallToken(Answer):
    """A wall's device token. The secret is shown once, when it is made."""

    id: Id
    name: str
    created_ms: Millis
    made_by: str


class WallTokenMade(WallToken):
    token: str


class WallTokens(Answer):
    items: list[WallToken]
