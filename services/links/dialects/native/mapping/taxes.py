from msgspec import UNSET

from services.links.dialects.native.wire import taxes as wire
from services.links.domain.tax import TaxRate, TaxRateDraft, percent_of, ppm_of


def tax_rate_draft(body: wire.CreateTaxRate | wire.PatchTaxRate) -> TaxRateDraft:
    """Raises Invalid when the percentage is none."""
    return TaxRateDraft(
        name=body.name,
        ppm=UNSET if body.percent is UNSET else ppm_of(body.percent),
        country=body.country,
        active=body.active if isinstance(body, wire.PatchTaxRate) else UNSET,
    )


def tax_rate_out(rate: TaxRate) -> wire.TaxRate:
    return wire.TaxRate(
        id=rate.id,
        name=rate.name,
        percent=percent_of(rate.ppm),
        country=rate.country,
        active=rate.active,
        livemode=rate.livemode,
        revision=rate.revision,
        created_at=rate.created_at,
        updated_at=rate.updated_at,
    )
