from services.links.dialects.native.mapping.links import money_out, uses_out
from services.links.dialects.native.wire import charges as wire
from services.links.domain.charge import Charge
from services.links.domain.link import Link
from services.links.domain.revenue import Stats


def charge_out(charge: Charge) -> wire.Charge:
    customer = charge.customer
    return wire.Charge(
        id=charge.id,
        session_id=charge.session_id,
        status=charge.status,
        total=money_out(charge.total),
        method=charge.method,
        provider=charge.provider,
        failure_reason=charge.failure_reason,
        customer=wire.Customer(customer.email, customer.name, customer.phone) if customer else None,
        payer_hint=charge.payer_hint,
        receipt_number=charge.receipt_number,
        late=charge.late,
        settled=charge.settled,
        policy=charge.policy,
        created_at=charge.created_at,
        updated_at=charge.updated_at,
    )


def stats_out(link: Link, stats: Stats) -> wire.Stats:
    return wire.Stats(
        link_id=link.id,
        uses=uses_out(stats.uses),
        paid_count=sum(one.paid_count for one in stats.earned),
        revenue=[
            wire.Revenue(one.revenue.minor, one.revenue.currency, one.paid_count, one.last_paid_at)
            for one in stats.earned
        ],
        unsettled=[wire.Unsettled(one.total.minor, one.total.currency, one.charges) for one in stats.unsettled],
        refunded=[
            wire.Refunded(one.total.minor, one.total.currency, one.of_revenue.minor, one.refunds)
            for one in stats.refunded
        ],
    )
