"""What the api room itself refuses. Other rooms' errors keep their own names.

Refusal
├── NotAuthenticated   no token, or one that is no longer good
├── Forbidden          the role or the scope may not
├── Unknown            no such thing, or none that this caller may know of
├── Conflict           the world has changed
│   └── CommandReused  the command id was used for something else
├── BadInput           understood, and impossible (a clock in the future, off the map)
├── Unreadable         no JSON at all
├── TooManyTries       wait `retry_s`
└── PartMissing        a part that the answer needs is not there now
"""


class Refusal(Exception):
    """A call is refused; `str()` is for people and names nobody."""


class NotAuthenticated(Refusal):
    pass


class Forbidden(Refusal):
    pass


class Unknown(Refusal):
    pass


class Conflict(Refusal):
    pass


class CommandReused(Conflict):
    def __init__(self) -> None:
        super().__init__("this command id was used for something else")


class BadInput(Refusal):
    pass


class Unreadable(Refusal):
    pass


class TooManyTries(Refusal):
    def __init__(self, retry_s: int) -> None:
        super().__init__(f"too many tries; try again in {retry_s} s")
        self.retry_s = retry_s


class PartMissing(Refusal):
    pass
