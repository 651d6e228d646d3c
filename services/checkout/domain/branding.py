"""Whose name, logo and color a link shows: its organization's, unless the link says something itself."""

from msgspec.structs import replace

from shared.contracts.links import BrandingView, LinkView, MerchantView


def as_of(link: LinkView, merchant: MerchantView, revision: int) -> LinkView:
    """The link with its organization as it was at `revision`; the very same link when it knows that, or a later one.

    Of a link that does not tell what it says itself, logo and color stay: they may be its own.
    """
    if revision <= link.merchant_revision:
        return link
    own = link.branding or BrandingView(color=link.merchant.color, logo_url=link.merchant.logo_url)
    merchant = replace(merchant, logo_url=own.logo_url or merchant.logo_url, color=own.color or merchant.color)
    return replace(link, merchant=merchant, merchant_revision=revision)
