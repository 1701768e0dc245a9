"""What an exchange must hold."""

from sniper_sdk.conformance.exchange_filling import Filling
from sniper_sdk.conformance.exchange_listing import Listing
from sniper_sdk.conformance.exchange_sending import Sending
from sniper_sdk.conformance.exchange_stage import ExchangeStage
from sniper_sdk.conformance.exchange_streams import Streams

__all__ = ["ExchangeConformance", "ExchangeStage"]


class ExchangeConformance(Listing, Sending, Filling, Streams):
    """One order is one order, whatever is lost; what is unknown is never called refused or gone; each fill is told once
    by its id, and all numbers are exact.

        class TestMine(ExchangeConformance):
            exchange_type = Mine

    The fixture ``stage``, in the class or in ``conftest.py``, gives a fresh `ExchangeStage`.
    """
