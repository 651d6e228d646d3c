"""Every product has a link of its own from the start, so that it can be sold without another step."""

from datetime import datetime

from services.links.domain.drafts import LinkDraft
from services.links.domain.faults import SlugTaken
from services.links.domain.keys import Actor
from services.links.domain.link import Link
from services.links.domain.pricing import ProductWanted
from services.links.domain.product import Product
from services.links.use_cases.create_link import SLUG_TRIES, drawn, place, with_other_slug
from shared.runtime.postgres import Transaction


async def give_own_link(tx: Transaction, actor: Actor, product: Product, *, now: datetime) -> Link:
    """The product's link, made in the transaction that makes the product; its slug comes from the product's name.

    Raises:
        SlugTaken: so were all that were tried.
    """
    draft = LinkDraft(title=product.name, description=product.description, pricing=ProductWanted(product.id))
    link = await drawn(tx, actor, draft, now=now, test_mode=True)
    for _ in range(SLUG_TRIES):
        try:
            # A slug that is taken must not undo the product.
            async with tx.transaction():
                await place(tx, actor, link)
        except SlugTaken:
            link = with_other_slug(link)
        else:
            return link
    raise SlugTaken(link.slug)
