from sniper.events import Event, FundingRate
from sniper.instrument import COIN
from sniper.types import SECOND
from sniper_sdk import PackageConformance, TradingConformance
from sniper_sdk.builders import instrument
from sniper_strategy_basis.strategy import Basis, BasisConfig


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-basis"


class TestBasis(TradingConformance):
    strategy = Basis
    config = BasisConfig(
        spot="binance:BTC/USDT", perpetual="binance:BTC/USDT:USDT", size="0.01", min_basis_bps=-10_000, retry_s=1
    )
    listed = (instrument(), instrument("binance:BTC/USDT:USDT", kind="perpetual"))
    leverage = 3
    funds = {"binance:USDT": 10**6 * COIN}

    def market(self, seed: int, rounds: int) -> list[Event]:
        """With funding that turns."""
        plain, found = super().market(seed, rounds), list[Event]()
        for n, event in enumerate(plain):
            if n % 50 == 0:
                rate = 10**6 if (seed + n // 50) % 2 else -(10**6)
                at = event.time + 28_800 * SECOND
                found.append(FundingRate(time=event.time, instrument="binance:BTC/USDT:USDT", rate=rate, at=at))
            found.append(event)
        return found
