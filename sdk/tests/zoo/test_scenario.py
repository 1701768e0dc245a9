"""The scenario is data that follows from its seed, and plays to its end on a real chain, always the same way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper_sdk.devchain import Account, DevChain
from sniper_sdk.zoo import Director, Kind, Launch, NotPrepared, Outcome, PlayedBlock, Scenario, Venue, approve
from sniper_sdk.zoo.scenario import MovePrice, RemoveLiquidity, SetTax

seeds = st.integers(min_value=0, max_value=2**32)


@given(seeds)
def test_every_seed_has_all_kinds_outcomes_and_venues(seed: int) -> None:
    launches = Scenario(seed).launches
    assert len(launches) >= 14
    assert {launch.kind for launch in launches} == set(Kind)
    assert len({launch.kind for launch in launches if launch.kind.trap}) >= 6
    assert {launch.expected for launch in launches} == set(Outcome)
    assert sum(launch.venue is Venue.V3 for launch in launches) >= 2
    (both,) = (launch for launch in launches if launch.also)
    assert set(both.venues) == {Venue.V2, Venue.V3}
    assert both.pool_tokens * 2 <= both.supply - both.whale_tokens
    for unique in ("name", "symbol", "token", "block"):
        assert len({getattr(launch, unique) for launch in launches}) == len(launches)


@given(seeds)
def test_the_same_seed_is_the_same_scenario_and_another_is_another(seed: int) -> None:
    assert Scenario(seed).launches == Scenario(seed).launches
    assert Scenario(seed).launches != Scenario(seed + 1).launches


@given(seeds)
def test_steps_leave_time_to_buy_before_them_and_to_close_after_them(seed: int) -> None:
    scenario = Scenario(seed)
    for launch in scenario.launches:
        assert launch.block >= 2  # the token is deployed one block earlier
        assert all(launch.block < step.block <= scenario.length - 5 for step in launch.steps)
        assert all(step.block >= launch.block + 4 for step in launch.steps if isinstance(step, MovePrice))
        priced = [step.block for step in launch.steps if isinstance(step, MovePrice)]
        assert len(set(priced)) == len(priced)  # each is computed from the block before


@given(seeds)
def test_what_can_be_escaped_comes_in_two_steps_five_blocks_apart(seed: int) -> None:
    for launch in Scenario(seed).launches:
        rug = [step.block for step in launch.steps if isinstance(step, (RemoveLiquidity, SetTax))]
        assert len(rug) == (2 if launch.kind in (Kind.LIQUIDITY_PULLED, Kind.TAX_RAISED) else 0)
        if rug:
            assert rug[1] - rug[0] == 5


async def _play(seed: int) -> list[tuple[str, tuple[int, ...]]]:
    """For each block: its hash, and what pool and whale of every launched token have."""
    scenario = Scenario(seed)
    blocks = []
    with DevChain(automine=False) as chain:
        director = Director(chain, scenario)
        await director.prepare()
        while not director.done:
            played = await director.step()
            assert [act for act in played.acts if not act.as_meant] == []
            launched = [launch for launch in scenario.launches if launch.block <= played.block]
            balances = [
                chain.token_balance(launch.token, address)
                for launch in launched
                for address in (director.pool(launch).address, launch.whale.address)
            ]
            head = chain.rpc.call("eth_getBlockByNumber", hex(played.number), False)
            blocks.append((head["hash"], tuple(balances)))
    return blocks


async def test_a_play_ends_with_every_transaction_as_meant_and_repeats_block_by_block() -> None:
    first = await _play(7)
    assert len(first) == Scenario(7).length
    assert first == await _play(7)
    assert first != await _play(8)


class _Bystander:
    """Buys every launch one block after its pool opened, and sells those that it is told to, as soon as it is told."""

    def __init__(self, chain: DevChain, director: Director) -> None:
        self.chain = chain
        self.director = director
        self.account = Account.named("bystander")
        self.spent = 10**17
        chain.fund(self.account.address, 1_000 * 10**18)

    def buy(self, launch: Launch) -> str:
        call = self.director.pool(launch).buy(self.account.address, self.spent)
        return self.chain.submit(self.account, call.to, call.data, call.value, gas=call.gas)

    def would_get(self, launch: Launch) -> int:
        """Wei for all that the token says it has, were it sold now; changes nothing."""
        pool = self.director.pool(launch)
        before = self.chain.snapshot()
        allow = approve(launch.token, pool.spender)
        self.chain.submit(self.account, allow.to, allow.data, gas=allow.gas)
        self.chain.mine()
        owned = self.chain.balance(self.account.address)
        sale = pool.sell(self.account.address, self.chain.token_balance(launch.token, self.account.address))
        sold = self.chain.submit(self.account, sale.to, sale.data, gas=sale.gas)
        self.chain.mine()
        receipt = self.chain.receipt(sold)
        got = self.chain.balance(self.account.address) - owned + receipt.fee
        self.chain.revert(before)
        return got


async def test_each_expected_outcome_is_what_a_buyer_meets() -> None:
    scenario = Scenario(3)
    with DevChain(automine=False) as chain:
        director = Director(chain, scenario)
        await director.prepare()
        buyer = _Bystander(chain, director)
        bought: dict[str, str] = {}
        after_first_step: dict[str, int] = {}
        at_best: dict[str, int] = {launch.token: 0 for launch in scenario.launches}
        while not director.done:
            played = await director.step()
            for launch in scenario.launches:
                if launch.block == played.block:
                    bought[launch.token] = buyer.buy(launch)  # mined with the next block
                rug = [step.block for step in launch.steps if isinstance(step, (RemoveLiquidity, SetTax))]
                if rug and played.block == rug[0] + 2:
                    after_first_step[launch.token] = buyer.would_get(launch)
                if launch.kind is Kind.PLAIN and launch.block + 4 <= played.block <= launch.block + 16:
                    at_best[launch.token] = max(at_best[launch.token], buyer.would_get(launch))
        for launch in scenario.launches:
            could_buy = chain.receipt(bought[launch.token]).succeeded
            assert could_buy == (launch.kind not in (Kind.SLOW_START, Kind.NEVER_STARTS))
            if launch.expected is Outcome.ESCAPED:
                assert after_first_step[launch.token] > 0.7 * buyer.spent
                assert buyer.would_get(launch) < 0.1 * buyer.spent
            elif launch.kind.trap:
                assert buyer.would_get(launch) < 0.15 * buyer.spent
            if launch.kind is Kind.PLAIN and launch.exit == "take-profit":
                assert at_best[launch.token] > 2 * buyer.spent
            elif launch.kind is Kind.PLAIN and launch.exit == "trailing-stop":
                assert 1.2 * buyer.spent < at_best[launch.token] < 1.5 * buyer.spent
                assert buyer.would_get(launch) < buyer.spent
            elif launch.kind is Kind.PLAIN and launch.exit == "stop-loss":
                assert buyer.would_get(launch) < 0.7 * buyer.spent


async def test_play_mines_every_block_that_is_left_and_shows_each() -> None:
    shown: list[PlayedBlock] = []
    with DevChain(automine=False) as chain:
        director = Director(chain, Scenario(1))
        await director.prepare()
        first = await director.step()
        await director.play(0.0, shown.append)
        assert director.done
        assert [played.block for played in [first, *shown]] == list(range(1, director.scenario.length + 1))
        assert chain.block_number() == shown[-1].number


async def test_the_director_refuses_a_chain_that_mines_by_itself_and_a_step_before_prepare() -> None:
    with DevChain() as chain:
        with pytest.raises(NotPrepared, match="automine=False"):
            await Director(chain, Scenario(1)).prepare()
        with pytest.raises(NotPrepared, match="prepare"):
            await Director(chain, Scenario(1)).step()
