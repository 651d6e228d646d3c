"""Keys for tokens: made, sealed, rotated, and given to whoever checks tokens."""

from datetime import datetime, timedelta
from typing import Final

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.links.domain.signing_key import BELIEVED_FOR, TOKEN_LIFETIME, SigningKey, missing, signing
from services.links.store import signing_keys as store
from shared.contracts.otp import KeySet, LinkToken, PublicKey
from shared.kernel.ids import UUID, new_id
from shared.runtime import link_tokens
from shared.runtime.link_tokens import LinkClaims, UnknownKey
from shared.runtime.postgres import Postgres

PURPOSE: Final = "payment_link"
KEPT_FOR: Final = timedelta(minutes=1)
"""How long a replica believes its list: a key is published a day before it signs, so a minute is nothing."""


class SigningKeys:
    """`issuer` is the gateway's origin."""

    def __init__(self, pg: Postgres, box: Fernet, *, issuer: str) -> None:
        self._pg = pg
        self._box = box
        self._issuer = issuer
        self._kept: list[SigningKey] = []
        self._kept_until: datetime | None = None

    async def issue(self, email: str, *, org_id: UUID | None, link_id: UUID | None, now: datetime) -> LinkToken:
        """A token for who proved to read the mail of `email`, good for 24 hours."""
        key = signing(await self._keys(now), now)
        if key is None:
            await self.tend(now)
            key = signing(await self._keys(now), now)
        assert key is not None
        claims = LinkClaims(
            email=email,
            token_id=str(new_id()),
            # Whole seconds, as the claims are: a token must not be younger than the moment that checks it.
            issued_at=now.replace(microsecond=0),
            expires_at=now.replace(microsecond=0) + TOKEN_LIFETIME,
            org_id=org_id,
            link_id=link_id,
        )
        private = Ed25519PrivateKey.from_private_bytes(self._box.decrypt(key.sealed_private))
        token = link_tokens.sign(claims, private, kid=key.kid, issuer=self._issuer)
        return LinkToken(token=token, expires_at=claims.expires_at)

    async def read(self, token: str, now: datetime) -> LinkClaims | None:
        keys = {key.kid: key for key in (await self.published(now)).keys}
        try:
            return link_tokens.read(token, keys, issuer=self._issuer, now=now)
        except UnknownKey:
            return None

    async def published(self, now: datetime) -> KeySet:
        """Those that sign, will sign, or have signed what is still good."""
        return KeySet(tuple(PublicKey(kid=key.kid, x=key.public_x) for key in await self._keys(now)))

    async def tend(self, now: datetime) -> None:
        """Makes the key that is missing, if one is, and drops those that nobody needs any more."""
        async with self._pg.transaction() as tx:
            await store.lock(tx)
            await store.delete(tx, PURPOSE, ended_before=now - BELIEVED_FOR)
            span = missing(await store.listed_within(tx, PURPOSE, ended_after=now - BELIEVED_FOR), now)
            if span is not None:
                key = self._made(signs_from=span.begin, signs_until=span.end)
                await store.insert(tx, key, purpose=PURPOSE, now=now)
        self._kept_until = None

    async def rotate(self, now: datetime) -> None:
        """Ends the keys that sign, for an operator who must; what they signed stays good until it runs out."""
        async with self._pg.transaction() as tx:
            await store.lock(tx)
            await store.end(tx, PURPOSE, now)
        await self.tend(now)

    async def _keys(self, now: datetime) -> list[SigningKey]:
        if self._kept_until is None or not self._kept_until - KEPT_FOR <= now < self._kept_until:
            self._kept = await store.listed(self._pg, PURPOSE, ended_after=now - BELIEVED_FOR)
            self._kept_until = now + KEPT_FOR
        return self._kept

    def _made(self, *, signs_from: datetime, signs_until: datetime) -> SigningKey:
        private = Ed25519PrivateKey.generate()
        return SigningKey(
            kid=f"{signs_from:%Y-%m-%d}-{new_id().hex[-8:]}",
            public_x=link_tokens.public_x(private),
            sealed_private=self._box.encrypt(private.private_bytes_raw()),
            signs_from=signs_from,
            signs_until=signs_until,
        )
