"""Signed, short-lived tokens (RFC 7519, Ed25519), and the key that signs them."""

import hashlib
import hmac
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from uuid6 import uuid7

from api.errors import NotAuthenticated
from api.roles import Caller, Role

LIFETIME_S = 12 * 3600
"""A shift. Revocation, not expiry, is what ends a session early."""
_ALGORITHM = "Ed25519"
_ISSUER = "caretower"


def load_key(path: Path) -> OKPKey:
    """The signing key in `path`, made on first use; only its owner may read the file."""
    try:
        written = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return OKPKey.import_key(json.loads(path.read_text()))
    key = OKPKey.generate_key("Ed25519")
    with os.fdopen(written, "w") as file:
        json.dump(key.as_dict(private=True), file)
    return key


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens. `clock` gives ms UTC."""

    key: OKPKey
    clock: Callable[[], int]
    lifetime_s: int = LIFETIME_S

    def grant(
        self, account: str, name: str, role: Role, scope: str | None, generation: int = 0
    ) -> Caller:
        """The caller that a new token will speak for, while its account keeps this generation."""
        expires_ms = (self.clock() // 1000 + self.lifetime_s) * 1000
        token = f"{generation}.{uuid7()}"
        return Caller(account, name, role, scope, token, expires_ms)

    def sign(self, caller: Caller) -> str:
        claims = {
            "iss": _ISSUER,
            "sub": caller.account,
            "name": caller.name,
            "role": caller.role.value,
            "scope": caller.scope,
            "jti": caller.token,
            "exp": caller.expires_ms // 1000,
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self.key, algorithms=[_ALGORITHM])

    def read(self, token: str) -> Caller:
        """Whom a token speaks for. Raises NotAuthenticated: forged, foreign or too old."""
        try:
            claims = jwt.decode(token, self.key, algorithms=[_ALGORITHM]).claims
            caller = Caller(
                account=claims["sub"],
                name=claims["name"],
                role=Role(claims["role"]),
                scope=claims["scope"],
                token=claims["jti"],
                expires_ms=int(claims["exp"]) * 1000,
            )
        except (JoseError, ValueError, KeyError, TypeError):
            raise NotAuthenticated("this token is not one of ours") from None
        if claims.get("iss") != _ISSUER or caller.expires_ms <= self.clock():
            raise NotAuthenticated("this session has ended")
        return caller

    def secret(self, purpose: str) -> bytes:
        """A secret for one purpose that only a holder of the key can make."""
        seed = self.key.as_dict(private=True)["d"]
        return hmac.new(str(seed).encode(), purpose.encode(), hashlib.sha256).digest()

    def device_token(self, device: str, kind: str = "wall") -> str:
        """A device's token: made again from its id, so that it is stored nowhere.

        `kind` is `wall` or `gps`; a token of one is none of the other.
        """
        proof = urlsafe_b64encode(self.secret(f"{kind}:{device}")).decode().rstrip("=")
        return f"{kind}.{device}.{proof}"

    def read_device(self, token: str, kind: str = "wall") -> str:
        """The device's id. Raises NotAuthenticated."""
        parts = token.split(".")
        if len(parts) != 3 or not hmac.compare_digest(
            token.encode(), self.device_token(parts[1], kind).encode()
        ):
            raise NotAuthenticated("this token is not one of ours")
        return parts[1]


def generation_of(token: str) -> int:
    """The generation that a token's id names; an id of an older release names the first."""
    first, dot, _ = token.partition(".")
    return int(first) if dot and first.isdecimal() else 0
