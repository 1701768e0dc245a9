"""What an exchange lists, and that its numbers are exact."""

import re
from typing import Final

from sniper.exchange import COIN
from sniper.exchange_orders import CONDITIONAL
from sniper_sdk.conformance.exchange_stage import AtExchange, ExchangeStage, balances_of

_ID: Final = re.compile(r"[^:]+:[^:]+(:[^:]+)?")
_FLAGS: Final = frozenset({"post-only", "reduce-only"})
_MOST_FEE: Final = 100_000
"""Millionths: a tenth."""


class Listing(AtExchange):
    """Instruments."""

    async def test_instruments_belong_to_the_place_and_are_told_once(self, stage: ExchangeStage) -> None:
        found = await stage.exchange.instruments()
        identifiers = [each.id for each in found]
        assert stage.instrument in found, f"{stage.instrument.id} is not among its instruments"
        assert len(set(identifiers)) == len(identifiers), "an instrument is told twice"
        for each in found:
            assert _ID.fullmatch(each.id), f"{each.id!r} is not of the form place:symbol"
            assert each.venue == stage.exchange.place, f"{each.id} is not of the place {stage.exchange.place}"
            for asset in (each.base, each.quote, each.settle):
                assert asset.startswith(f"{each.venue}:"), f"{each.id}: the asset {asset!r} is of another place"

    async def test_instruments_are_the_same_when_they_are_asked_for_again(self, stage: ExchangeStage) -> None:
        first = {each.id: each for each in await stage.exchange.instruments()}
        again = {each.id: each for each in await stage.exchange.instruments()}
        assert again == first, "asked again, it lists something else"

    async def test_symbols_are_called_after_their_assets(self, stage: ExchangeStage) -> None:
        for each in await stage.exchange.instruments():
            base, quote, settle = (asset.partition(":")[2] for asset in (each.base, each.quote, each.settle))
            symbol = f"{base}/{quote}:{settle}" if each.linear else f"{base}/{quote}"
            called = each.symbol.partition("-")[0] if each.kind == "future" else each.symbol
            assert called == symbol, f"{each.id} is {base} for {quote}: call it {each.venue}:{symbol}"

    async def test_ticks_and_lots_are_decimal(self, stage: ExchangeStage) -> None:
        for each in await stage.exchange.instruments():
            for name, number in (("tick", each.tick), ("lot", each.lot)):
                assert 0 < number <= COIN * 10**12, f"the {name} of {each.id} is {number}"
            assert each.unit * COIN == each.tick * each.lot, f"a tick of a lot of {each.id} is no whole base units"

    async def test_bounds_of_orders_leave_something_to_order(self, stage: ExchangeStage) -> None:
        for each in await stage.exchange.instruments():
            assert each.min_size >= 1, f"{each.id} takes orders of {each.min_size} lots"
            assert each.max_size == 0 or each.max_size >= each.min_size, (
                f"{each.id} takes {each.min_size} lots at least and {each.max_size} at most"
            )
            assert each.min_value >= 0, f"{each.id} takes orders worth {each.min_value}"

    async def test_fees_are_millionths(self, stage: ExchangeStage) -> None:
        for each in await stage.exchange.instruments():
            for fee in (each.maker_fee, each.taker_fee):
                assert abs(fee) < _MOST_FEE, f"{each.id} takes {fee} millionths; is that a percentage?"
            assert each.maker_fee <= each.taker_fee, f"{each.id} charges makers more than takers"

    async def test_types_and_flags_are_words_that_the_kernel_knows(self, stage: ExchangeStage) -> None:
        for each in await stage.exchange.instruments():
            assert set(each.types) <= set(CONDITIONAL), f"{each.id} takes {each.types}; known are {CONDITIONAL}"
            assert set(each.flags) <= _FLAGS, f"{each.id} takes the flags {each.flags}; known are {sorted(_FLAGS)}"

    async def test_what_is_left_out_has_a_reason_and_is_not_listed(self, stage: ExchangeStage) -> None:
        listed = {each.symbol for each in await stage.exchange.instruments()}
        for symbol, why in stage.exchange.left_out.items():
            assert why, f"{symbol} is left out without a reason"
            assert symbol not in listed, f"{symbol} is left out ({why}), and listed"

    async def test_its_clock_is_in_nanoseconds(self, stage: ExchangeStage) -> None:
        now = await stage.exchange.time()
        assert now is None or (type(now) is int and now > 10**18), f"its clock says {now!r}; give nanoseconds UTC"

    async def test_a_price_goes_there_and_back_to_the_tick(self, stage: ExchangeStage) -> None:
        _, fills = await self.filled(stage, stage.size)
        assert {fill.price for fill in fills} == {stage.resting}, (
            f"ordered at {stage.resting} ticks, filled at {[fill.price for fill in fills]}: is a decimal rounded?"
        )

    async def test_an_odd_size_goes_there_and_back_to_the_lot(self, stage: ExchangeStage) -> None:
        odd = stage.size // 2 + 1 - (stage.size // 2) % 2
        order, fills = await self.filled(stage, odd)
        state, _ = await self.found(stage, order)
        assert (state.filled, sum(fill.size for fill in fills)) == (odd, odd), f"of {odd} lots, it tells {state}"

    async def test_what_an_odd_size_holds_is_exact(self, stage: ExchangeStage) -> None:
        if stage.instrument.linear:
            return
        odd = stage.size - 1
        before = balances_of((await stage.exchange.read("")).balances)
        await self.placed(stage, self.order(stage, size=odd))
        after = balances_of((await stage.exchange.read("")).balances)
        quote, value = stage.instrument.quote, stage.instrument.value(stage.resting, odd)
        assert after[quote][1] - before[quote][1] == value, f"{odd} lots are worth {value}, and hold something else"
