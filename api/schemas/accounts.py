"""Who may log in, as a supervisor sees and changes it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.schemas.edge import Answer, Command, Id, Millis, Name

Password = Annotated[str, StringConstraints(min_length=12, max_length=256)]
Scope = Annotated[
    str, StringConstraints(pattern=r"^((team|van):)?[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
]
Role = Literal["dispatcher", "supervisor", "facility", "field", "provider", "law_enforcement"]


class NewAccount(Command):
    """The account's id is the command's: a retry makes no second one."""

    name: Name = Field(description="the log-in name", examples=["mary"])
    role: Role
    scope: Scope | None = Field(
        default=None,
        description="facility, provider: its id; field: `team:<id>` or `van:<id>`; else nothing",
    )
    password: Password


class NewPassword(Command):
    password: Password


class Disable(Command):
    pass


class KeptAccount(Answer):
    """An account without its secret. `disabled_ms`: since when nobody may log in with it."""

    id: Id
    name: str
    role: Role
    scope: str | None
    created_ms: Millis
    disabled_ms: Millis | None


class KeptAccounts(Answer):
    items: list[KeptAccount]
