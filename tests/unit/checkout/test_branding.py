from msgspec.structs import replace

from services.checkout.domain.branding import as_of
from shared.contracts.links import BrandingView, MerchantView
from tests.support.checkout import a_link

OLD = MerchantView(name="Old", logo_url="https://a.test/old.png", color="#000000")
NEW = MerchantView(name="New", logo_url="https://a.test/new.png", color="#ffffff", locale="fr")


def test_a_newer_merchant_is_shown_with_what_the_link_says_itself_on_top():
    link = a_link(merchant=replace(OLD, color="#123456"), merchant_revision=3, branding=BrandingView(color="#123456"))
    assert as_of(link, NEW, 4).merchant == replace(NEW, color="#123456")
    assert as_of(link, NEW, 4).merchant_revision == 4


def test_an_older_merchant_changes_nothing():
    link = a_link(merchant=OLD, merchant_revision=3, branding=BrandingView())
    assert as_of(link, NEW, 3) is link
    assert as_of(link, NEW, 2) is link


def test_a_logo_that_the_organization_takes_away_is_gone():
    link = a_link(merchant=OLD, branding=BrandingView())
    assert as_of(link, replace(NEW, logo_url=None), 1).merchant.logo_url is None


def test_of_a_link_that_does_not_tell_its_own_branding_logo_and_color_stay():
    shown = as_of(a_link(merchant=OLD), NEW, 1).merchant
    assert (shown.name, shown.locale, shown.logo_url, shown.color) == ("New", "fr", OLD.logo_url, OLD.color)
