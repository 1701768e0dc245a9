from sniper.catalogue import Catalogue
from sniper_sdk import PackageConformance
from sniper_venue_ccxt import sniper_exchanges
from sniper_venue_ccxt.exchange import CcxtExchange


class TestPackage(PackageConformance):
    distribution = "sniper-venue-ccxt"


def test_it_is_offered_as_a_venue() -> None:
    catalogue = Catalogue.discover()
    assert [catalogue.spec("venue", spec.name) for spec in sniper_exchanges()] == sniper_exchanges()
    assert catalogue.load(catalogue.spec("venue", "ccxt")) is CcxtExchange
