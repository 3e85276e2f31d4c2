"""Tokens: who they speak for, how long, and that nobody can make one up."""

import json
import stat
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from api.errors import NotAuthenticated
from api.roles import Role
from api.tokens import LIFETIME_S, Tokens, load_key
from tests.api.builders import Clock


@pytest.fixture
def tokens(tmp_path: Path, clock: Clock) -> Tokens:
    return Tokens(load_key(tmp_path / "key.json"), clock)


def test_a_token_speaks_for_whom_it_was_granted(tokens: Tokens) -> None:
    granted = tokens.grant("account-1", "Dana", Role.FACILITY, "facility-1")
    assert tokens.read(tokens.sign(granted)) == granted


def test_a_token_ends_with_the_shift(tokens: Tokens, clock: Clock) -> None:
    token = tokens.sign(tokens.grant("account-1", "Dana", Role.DISPATCHER, None))
    clock.pass_s(LIFETIME_S - 1)
    tokens.read(token)
    clock.pass_s(1)
    with pytest.raises(NotAuthenticated):
        tokens.read(token)


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    first, second = load_key(path), load_key(path)
    assert first.as_dict(private=True) == second.as_dict(private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_key_s_token_is_refused(tokens: Tokens, tmp_path: Path, clock: Clock) -> None:
    foreign = Tokens(load_key(tmp_path / "other.json"), clock)
    token = foreign.sign(foreign.grant("account-1", "Eve", Role.SUPERVISOR, None))
    with pytest.raises(NotAuthenticated):
        tokens.read(token)


def test_a_role_cannot_be_written_into_a_token(tokens: Tokens) -> None:
    head, _, signature = tokens.sign(tokens.grant("account-1", "Eve", Role.FIELD, "team:t")).split(
        "."
    )
    claims = {"iss": "caretower", "sub": "account-1", "role": "supervisor", "exp": 2**40}
    body = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with pytest.raises(NotAuthenticated):
        tokens.read(f"{head}.{body}.{signature}")


def test_an_unsigned_or_symmetric_token_is_refused(tokens: Tokens) -> None:
    claims = {"iss": "caretower", "sub": "a", "name": "n", "role": "supervisor", "scope": None,
              "jti": "j", "exp": 2**40}  # fmt: skip
    symmetric = jwt.encode({"alg": "HS256"}, claims, OctKey.generate_key(256))
    head = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for token in (symmetric, f"{head}.{symmetric.split('.')[1]}.", "", "a.b.c", "….…"):
        with pytest.raises(NotAuthenticated):
            tokens.read(token)


def test_a_wall_s_token_is_made_again_from_its_id_and_from_nothing_else(tokens: Tokens) -> None:
    token = tokens.device_token("wall-1")
    assert token == tokens.device_token("wall-1")
    assert tokens.read_device(token) == "wall-1"
    for forged in (token.replace("wall-1", "wall-2"), "wall.wall-1.", "wall..", "wall.wall-1.é"):
        with pytest.raises(NotAuthenticated):
            tokens.read_device(forged)
