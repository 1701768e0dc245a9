"""Fills, and the account that they change."""

from sniper.exchange import AccountState, Fill, Instrument, NewOrder
from sniper_sdk.conformance.exchange_stage import AtExchange, ExchangeStage, balances_of, timeless


class Filling(AtExchange):
    """Each fill is told once by its id, and all numbers are exact."""

    async def test_fills_add_up_and_keep_their_ids(self, stage: ExchangeStage) -> None:
        order, half = self.order(stage), stage.size // 2
        await self.placed(stage, order)
        await stage.fill(half)
        state, first = await self.found(stage, order)
        assert (state.state, state.filled) == ("open", half), f"half of it was traded, and it is {state}"
        await stage.fill(stage.size - half)
        state, fills = await self.found(stage, order)
        assert (state.state, state.filled) == ("filled", stage.size), f"all of it was traded, and it is {state}"
        assert len({fill.id for fill in fills}) == len(fills), f"two fills have one id: {fills}"
        assert {fill.id: fill for fill in fills}.items() >= {fill.id: fill for fill in first}.items(), (
            "a fill is another one when it is told again"
        )
        assert sum(fill.size for fill in fills) == stage.size, f"fills of {stage.size} lots are {fills}"
        for fill in fills:
            self._is_exact(fill, order, stage.instrument)

    async def test_fills_since_a_cursor_are_told_once(self, stage: ExchangeStage) -> None:
        order, half = self.order(stage), stage.size // 2
        state = await stage.exchange.read("")
        await self.placed(stage, order)
        told: list[Fill] = []
        for lots in (half, stage.size - half, 0):
            if lots:
                await stage.fill(lots)
            state = await stage.exchange.read(state.cursor)
            told += state.fills
        assert len({fill.id for fill in told}) == len(told), f"a fill is told twice: {told}"
        assert sum(fill.size for fill in told) == stage.size, f"of {stage.size} lots, fills tell {told}"
        assert {fill.client_id for fill in told} == {order.client_id}, "a fill is of another order"

    async def test_a_fill_names_its_order(self, stage: ExchangeStage) -> None:
        order, fills = await self.filled(stage, stage.size)
        state, _ = await self.found(stage, order)
        for fill in fills:
            assert (fill.client_id, fill.venue_id) == (order.client_id, state.venue_id), f"{fill} is of no order"
            assert (fill.instrument, fill.side) == (order.instrument, order.side), f"{fill} is of another order"

    async def test_a_fill_is_worth_its_price_times_its_size(self, stage: ExchangeStage) -> None:
        _, fills = await self.filled(stage, 1, stage.size - 1)
        for fill in fills:
            worth = stage.instrument.value(fill.price, fill.size)
            assert fill.value == worth, f"{fill.size} lots at {fill.price} ticks are worth {worth}, not {fill.value}"

    async def test_no_fill_is_worse_than_its_limit(self, stage: ExchangeStage) -> None:
        order, fills = await self.filled(stage, stage.size)
        assert all(fill.price <= (order.price or 0) for fill in fills), f"the limit was {order.price}: {fills}"

    async def test_a_fee_is_a_small_part_in_an_asset_of_the_place(self, stage: ExchangeStage) -> None:
        _, fills = await self.filled(stage, stage.size)
        for fill in fills:
            assert fill.fee_asset.startswith(f"{stage.instrument.venue}:"), f"the fee is paid in {fill.fee_asset!r}"
            whole = {stage.instrument.quote: fill.value, stage.instrument.base: fill.size * stage.instrument.lot}
            most = whole.get(fill.fee_asset)
            assert most is None or abs(fill.fee) * 10 < most, f"a fee of {fill.fee} for {most}"

    async def test_fills_tell_when_they_were_made_in_nanoseconds(self, stage: ExchangeStage) -> None:
        _, fills = await self.filled(stage, stage.size)
        for fill in fills:
            assert 10**18 < fill.time < 4 * 10**18, f"a fill was made at {fill.time}; give nanoseconds UTC"

    async def test_a_purchase_that_waited_was_no_taker(self, stage: ExchangeStage) -> None:
        _, fills = await self.filled(stage, stage.size)
        assert all(fill.maker is True for fill in fills), f"it waited, and is no maker: {fills}"

    async def test_many_small_fills_add_up(self, stage: ExchangeStage) -> None:
        _, fills = await self.filled(stage, 1, 1, 1, stage.size - 3)
        assert sorted(fill.size for fill in fills) == sorted([1, 1, 1, stage.size - 3]), f"fills are {fills}"
        assert len({fill.id for fill in fills}) == 4, "equal fills are one"

    async def test_an_order_is_open_until_its_last_lot_is_filled(self, stage: ExchangeStage) -> None:
        order = self.order(stage)
        await self.placed(stage, order)
        await stage.fill(stage.size - 1)
        state, _ = await self.found(stage, order)
        assert (state.state, state.filled) == ("open", stage.size - 1), f"one lot is left, and it is {state}"
        await stage.fill(1)
        assert (await self.found(stage, order))[0].state == "filled"

    async def test_the_account_and_a_search_tell_the_same_fills(self, stage: ExchangeStage) -> None:
        cursor = (await stage.exchange.read("")).cursor
        _, found = await self.filled(stage, stage.size // 2, stage.size - stage.size // 2)
        told = (await stage.exchange.read(cursor)).fills
        assert set(map(timeless, told)) == set(map(timeless, found)), "the account tells other fills than a search"

    async def test_fills_are_told_oldest_first(self, stage: ExchangeStage) -> None:
        cursor = (await stage.exchange.read("")).cursor
        await self.filled(stage, 1, stage.size - 1)
        assert [fill.size for fill in (await stage.exchange.read(cursor)).fills] == [1, stage.size - 1]

    async def test_an_old_cursor_tells_again_what_came_since(self, stage: ExchangeStage) -> None:
        cursor = (await stage.exchange.read("")).cursor
        await self.filled(stage, 1, stage.size - 1)
        first = (await stage.exchange.read(cursor)).fills
        assert (await stage.exchange.read(cursor)).fills == first, "after a crash it would tell fewer fills"
        assert sum(fill.size for fill in first) == stage.size

    async def test_without_news_no_fill_is_told(self, stage: ExchangeStage) -> None:
        await self.filled(stage, stage.size)
        state = await stage.exchange.read("")
        again = await stage.exchange.read(state.cursor)
        assert again.fills == (), f"nothing happened, and it tells {again.fills}"
        assert (again.balances, again.orders) == (state.balances, state.orders), "nothing happened, and it changed"

    async def test_a_cursor_is_text_that_can_be_written_down(self, stage: ExchangeStage) -> None:
        await self.filled(stage, stage.size)
        cursor = (await stage.exchange.read("")).cursor
        assert type(cursor) is str, f"the cursor is {cursor!r}, which no journal holds"
        assert cursor, "the cursor is empty, which asks for everything"

    async def test_what_is_over_is_no_open_order(self, stage: ExchangeStage) -> None:
        await self.filled(stage, stage.size // 2)
        order = self.order(stage, 2, size=stage.size // 2)
        placed = await self.placed(stage, order)
        await stage.exchange.cancel(order, placed.venue_id)
        assert (await stage.exchange.read("")).orders == (), "what was filled or cancelled is told as open"

    async def test_balances_are_whole_and_told_once(self, stage: ExchangeStage) -> None:
        await self.placed(stage, self.order(stage))
        balances = (await stage.exchange.read("")).balances
        assets = [asset for asset, _, _ in balances]
        assert len(set(assets)) == len(assets), f"an asset is told twice: {balances}"
        for asset, free, held in balances:
            assert asset.startswith(f"{stage.exchange.place}:"), f"{asset} is of another place"
            assert type(free) is int and type(held) is int, f"{asset}: {free!r} and {held!r} are no base units"  # noqa: PT018
            assert held >= 0, f"of {asset}, {held} are held"

    async def test_what_was_bought_is_there_to_the_last_unit(self, stage: ExchangeStage) -> None:
        if stage.instrument.linear:
            return
        before = balances_of((await stage.exchange.read("")).balances)
        order, fills = await self.filled(stage, 1, stage.size - 1)
        after = balances_of((await stage.exchange.read("")).balances)
        base, quote = stage.instrument.base, stage.instrument.quote
        for asset, traded in ((base, order.size * stage.instrument.lot), (quote, -sum(fill.value for fill in fills))):
            fees = sum(fill.fee for fill in fills if fill.fee_asset == asset)
            changed = sum(after.get(asset, (0, 0))) - sum(before.get(asset, (0, 0)))
            assert changed == traded - fees, f"{asset} changed by {changed}; traded {traded}, fees {fees}"

    async def test_a_partly_filled_order_holds_what_is_left(self, stage: ExchangeStage) -> None:
        if stage.instrument.linear:
            return
        await self.placed(stage, self.order(stage))
        await stage.fill(1)
        held = balances_of((await stage.exchange.read("")).balances)[stage.instrument.quote][1]
        left = stage.instrument.value(stage.resting, stage.size - 1)
        assert held == left, f"{stage.size - 1} lots are left, worth {left}, and {held} are held"

    async def test_a_position_in_a_contract_is_told_with_what_it_cost(self, stage: ExchangeStage) -> None:
        instrument = stage.instrument
        if not instrument.linear:
            return
        assert self._position(await stage.exchange.read(""), instrument) in (None, (0, 0))
        await self.placed(stage, self.order(stage))
        await stage.fill(stage.size)
        _, fills = await self.found(stage, self.order(stage))
        told = self._position(await stage.exchange.read(""), instrument)
        assert told == (stage.size, sum(fill.value for fill in fills)), f"bought {stage.size} lots, and it tells {told}"

    def _position(self, state: AccountState, instrument: Instrument) -> tuple[int, int] | None:
        return next(((each.size, each.cost) for each in state.contracts if each.instrument == instrument), None)

    def _is_exact(self, fill: Fill, order: NewOrder, instrument: Instrument) -> None:
        assert (fill.client_id, fill.instrument, fill.side) == (order.client_id, order.instrument, order.side)
        assert fill.price <= (order.price or fill.price), f"bought at {fill.price}, the limit was {order.price}"
        worth = instrument.value(fill.price, fill.size)
        assert fill.value == worth, f"{fill.size} lots at {fill.price} ticks are worth {worth}, not {fill.value}"
        assert fill.fee_asset.startswith(f"{instrument.venue}:"), f"the fee is paid in {fill.fee_asset!r}"
