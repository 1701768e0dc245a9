"""The honeypot check of the kept journals: one purchase and one sale. A plugin's rules may change with every version;
what was recorded under the first ones must go on to verify."""

from sniper.plugin import Frozen
from sniper.risk import Entry, Evidence, Findings, Io, RiskProbe, View, at_most, must

MAX_TAX_BPS, MAX_LOSS_BPS, MAX_GAS, RETRY_S = 1_000, 2_000, 1_000_000, 3


class RoundTrip(Evidence):
    """See `sniper_risk_honeypot.trials.Trial`."""

    block: int
    paid: int
    bought: int
    bought_expected: int
    buy_gas: int
    buy_reverted: str
    sold: int
    returned: int
    returned_expected: int
    sell_gas: int
    sell_reverted: str
    buy_tax_bps: int | None
    sell_tax_bps: int | None


class NoConfig(Frozen):
    """It has no keys."""


class FirstHoneypot(RiskProbe[RoundTrip]):
    config: NoConfig

    async def probe(self, intent: Entry, io: Io) -> RoundTrip:
        raise AssertionError("what it found is on record")

    def judge(self, intent: Entry, view: View, found: RoundTrip) -> Findings:
        can_buy = not found.buy_reverted and found.paid > 0 and found.bought > 0
        yield must("can-buy", can_buy, note=found.buy_reverted, retry_after_s=RETRY_S)
        if not can_buy:
            return
        if found.buy_tax_bps is not None:
            yield at_most("buy-tax", found.buy_tax_bps, MAX_TAX_BPS, unit="bps")
        can_sell = not found.sell_reverted and found.returned > 0
        yield must("can-sell", can_sell, note=found.sell_reverted)
        if not can_sell:
            return
        if found.sell_tax_bps is not None:
            yield at_most("sell-tax", found.sell_tax_bps, MAX_TAX_BPS, unit="bps")
        loss_bps = max(0, -((found.returned - found.paid) * 10_000 // found.paid))
        yield at_most("round-trip-loss", loss_bps, MAX_LOSS_BPS, unit="bps")
        yield at_most("sell-gas", found.sell_gas, MAX_GAS, unit="gas")
