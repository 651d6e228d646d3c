"""The providers that this process speaks to, by name."""

import importlib
from collections.abc import Callable, Iterable
from typing import Any, Final, cast
from urllib.parse import urlsplit

from services.checkout.providers.port import Account, Lister, Provider
from services.checkout.providers.sandbox.adapter import Sandbox
from shared.runtime.settings import SettingsError

PLUG_IN_PARTS: Final = 2


class Providers:
    """`sandbox` is one of them: it alone opens its accounts by itself, and only in test mode.

    `urls` are where the others answer. `page_origins`: where a payer may be sent on to, for a page's policy. A provider
    has pages on hosts of its own, which only its answers name: of those on https any is allowed.
    """

    def __init__(self, sandbox: Sandbox, others: Iterable[Provider] = (), *, urls: Iterable[str] = ()) -> None:
        self.sandbox = sandbox
        self.page_origins = tuple(dict.fromkeys((sandbox.url, *map(_pages_of, urls))))
        self._by_name: dict[str, Provider] = {one.name: one for one in (*others, sandbox)}

    def find(self, name: str) -> Provider | None:
        return self._by_name.get(name)

    def of(self, account: Account) -> Provider:
        """Raises: KeyError: this installation does not speak to the account's provider any more."""
        return self._by_name[account.provider]

    def to_connect(self) -> list[Provider]:
        """Those that a merchant may connect, by name: nobody connects the sandbox."""
        return [self._by_name[name] for name in sorted(self._by_name) if name != self.sandbox.name]

    def listers(self) -> list[str]:
        """Those that tell by themselves all that an account has."""
        return [name for name, one in self._by_name.items() if isinstance(one, Lister)]

    async def close(self) -> None:
        for provider in self._by_name.values():
            await provider.close()


def _pages_of(url: str) -> str:
    parts = urlsplit(url)
    return "https:" if parts.scheme == "https" else f"{parts.scheme}://{parts.netloc}"


def plug_in(text: str, *, timeout_seconds: float) -> Provider:
    """`package.module:Class@https://api.example`: an adapter that is installed beside Paylinks.

    Raises:
        SettingsError: it is not written so, or there is no such class.
    """
    where, _, url = text.partition("@")
    parts = where.split(":")
    if len(parts) != PLUG_IN_PARTS or not url:
        raise SettingsError(f"Settings: PAYLINKS_EXTRA_PROVIDERS has '{text}'; write package.module:Class@https://…")
    try:
        make = cast("Callable[..., Any]", getattr(importlib.import_module(parts[0]), parts[1]))
    except (ImportError, AttributeError):
        raise SettingsError(f"Settings: PAYLINKS_EXTRA_PROVIDERS names '{where}', which is not installed.") from None
    return cast("Provider", make(url, timeout_seconds=timeout_seconds))
