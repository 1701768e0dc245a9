"""A trader's swap opens a gap between real pools, and the bot takes it in one transaction, or loses only its gas."""

from collections.abc import Callable

import pytest
from stand import FUNDS, Stand

from sniper.catalogue import Catalogue
from sniper.events import CycleFound
from sniper.kernel import facts as f
from sniper.runtime.backtest import backtest
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.types import NATIVE, Mode
from sniper_sdk.creation import creation_code
from sniper_sdk.devchain import Account, calldata
from sniper_sdk.protocols import Protocols
from sniper_sdk.zoo import approve
from sniper_sdk.zoo.pools import NEVER

ETHER = 10**18
DEPTH = 100 * ETHER
EXECUTE = "execute((address[],uint8,uint256,uint256,bool,uint256,(uint8,uint8,uint8,uint64,uint256,uint256)[]))"
"""Of the aggregator's contract."""
ADD = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
SWAP = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"


class Gaps:
    """Three pools, of the money and two tokens, at one price; ``open`` makes one token dear against the money."""

    def __init__(self, stand: Stand, money: str) -> None:
        self.stand, self.money = stand, money
        self.maker = Account.named("maker")
        stand.chain.fund(self.maker.address, 10_000 * ETHER)
        self.dear, self.other = (stand.market.token("PlainToken", self.maker).lower() for _ in range(2))

    def pools(self) -> None:
        chain, maker, at = self.stand.chain, self.maker, self.stand.chain.addresses
        chain.submit(maker, at.weth, calldata("deposit()"), 1_000 * ETHER)
        for token in {self.money, at.weth, self.dear, self.other}:
            call = approve(token, at.v2_router)
            chain.submit(maker, call.to, call.data)
        chain.mine()
        pairs = [(self.money, self.dear), (self.money, self.other), (self.dear, self.other)]
        if self.money != at.weth.lower():
            pairs.append((self.money, at.weth))
        for one, two in pairs:
            data = calldata(ADD, one, two, DEPTH, DEPTH, 0, 0, maker.address, NEVER)
            chain.submit(maker, at.v2_router, data, gas=4_000_000)
        chain.mine()

    def swap(self, amount: int, *path: str, tip: int = 10**9) -> None:
        """The maker trades with the next block."""
        data = calldata(SWAP, amount, 0, list(path), self.maker.address, NEVER)
        self.stand.chain.submit(self.maker, self.stand.chain.addresses.v2_router, data, gas=500_000, tip=tip)

    async def open(self) -> f.OrderPlaced:
        """Somebody buys; the order that the bot sends for it."""
        orders = len(self.stand.record.all(f.OrderPlaced))
        self.swap(10 * ETHER, self.money, self.dear)
        self.stand.chain.mine()
        await self.stand.until(lambda record: len(record.all(f.OrderPlaced)) > orders)
        return self.stand.record.all(f.OrderPlaced)[-1]


@pytest.fixture
def cycling(stand: Stand) -> Stand:
    """A bot that trades nothing but cycles, through the aggregator."""
    chain, document, weth = stand.chain, stand.document, stand.chain.addresses.weth
    contract = chain.deploy(creation_code("sniper_venue_aggregator", "Aggregator", weth, NATIVE, NATIVE)).lower()
    document["strategy"] = {
        "cyclic-arbitrage": {
            "exits": [],
            "min_profit": 10**16,
            "max_amount": 5 * ETHER,
            "cooldown_s": 0,
        }
    }
    del document["exit"], document["sizer"]
    document["risk"] = {"limits": {"max_spend_per_trade": 5 * ETHER, "max_spend_per_day": 1, "max_daily_loss": ETHER}}
    document["router"] = {"dual": {}}
    document["venue"] = {"aggregator": {"chain_id": chain.chain_id, "contract": contract, "wrapped": weth.lower()}}
    rules = document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    rules |= {"max_value": 5 * ETHER, "max_value_per_hour": 50 * ETHER, "max_value_per_day": 50 * ETHER}
    rules["max_fee"] = ETHER
    rules["spenders"] = [contract]
    rules["contracts"] = {contract: {EXECUTE: {}}}
    return stand


def dollars(stand: Stand) -> str:
    """Address of a token that the account pays with, and of which it approves more than one cycle takes."""
    bank = Account.named("maker")
    stand.chain.fund(bank.address, FUNDS)
    token = stand.market.token("NoReturnToken", bank).lower()
    stand.chain.send(bank, token, calldata("transfer(address,uint256)", stand.owner, 1_000 * ETHER))
    stand.document["account"]["main"]["quote"] = token
    stand.document["strategy"]["cyclic-arbitrage"]["allowance"] = 50 * ETHER
    return token


def weth(stand: Stand) -> str:
    return str(stand.chain.addresses.weth).lower()


@pytest.mark.parametrize("money", [weth, dollars])
async def test_a_gap_is_taken_in_one_transaction_for_the_gain_that_was_confirmed(
    cycling: Stand, money: Callable[[Stand], str]
) -> None:
    gaps = Gaps(cycling, money(cycling))
    await cycling.start()
    gaps.pools()
    order = await gaps.open()
    assert order.route is not None
    assert [leg.amm for leg in order.route.legs] == ["constant-product"] * 3
    assert [leg.coin_out for leg in order.route.legs] == [gaps.other, gaps.dear, gaps.money]
    await cycling.mine_until(lambda record: not record.books["main"].orders)
    (booked,) = (fact for fact in cycling.record.all(f.Booked) if fact.cash)
    gas = sum(fact.gas for fact in cycling.record.all(f.Booked))
    gain = order.expected_out - order.amount_in
    assert booked.cash == gain > 10**16
    ether, book = cycling.chain.balance(cycling.owner), cycling.record.books["main"]
    if gaps.money == weth(cycling):
        assert ether == FUNDS + gain - gas
        assert booked.realised == gain - booked.gas
    else:
        assert ether == FUNDS - gas
        assert cycling.chain.token_balance(gaps.money, cycling.owner) == 1_000 * ETHER + gain
        second = await gaps.open()
        assert [step.purpose for step in second.steps] == ["entry"], "the allowance stands"
        await cycling.mine_until(lambda record: not record.books["main"].orders)
        assert [moved.state for moved in cycling.record.attempts("entry", "included")] == ["included"] * 2
    assert cycling.differences(tokens=[gaps.money]) == []
    assert not book.positions
    assert await cycling.replayed() == 0


@pytest.mark.long
async def test_the_universal_router_takes_a_gap_as_well_and_the_signer_reads_its_commands(cycling: Stand) -> None:
    chain, document = cycling.chain, cycling.document
    router = Protocols.deployed(chain).universal_router.router.lower()
    document["venue"] = {"uniswap": {"chain_id": chain.chain_id, "wrapped": weth(cycling), "universal_router": router}}
    rules = document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    rules["contracts"] = {router: {"execute(bytes,bytes[],uint256)": {"commands": True}}}
    gaps = Gaps(cycling, weth(cycling))
    await cycling.start()
    gaps.pools()
    order = await gaps.open()
    await cycling.mine_until(lambda record: not record.books["main"].orders)
    (booked,) = cycling.record.all(f.Booked)
    assert booked.cash == order.expected_out - order.amount_in > 10**16
    assert cycling.chain.balance(cycling.owner) == FUNDS + booked.cash - booked.gas
    assert cycling.differences(tokens=[gaps.money]) == []


async def test_where_somebody_else_was_faster_it_reverts_and_only_gas_is_lost(cycling: Stand) -> None:
    gaps = Gaps(cycling, weth(cycling))
    await cycling.start()
    gaps.pools()
    await gaps.open()
    await cycling.until(lambda record: record.attempts("entry", "sent"))
    gaps.swap(10 * ETHER, gaps.dear, gaps.money, tip=50 * 10**9)
    await cycling.mine_until(lambda record: not record.books["main"].orders)
    assert len(cycling.record.attempts("entry", "reverted")) == 1
    (booked,) = cycling.record.all(f.Booked)
    assert (booked.cash, booked.realised) == (0, -booked.gas)
    assert cycling.chain.balance(cycling.owner) == FUNDS - booked.gas < FUNDS
    assert cycling.differences(tokens=[gaps.money]) == []
    assert await cycling.replayed() == 0


async def test_where_trades_are_only_played_a_cycle_gives_what_its_pools_give(cycling: Stand) -> None:
    cycling.document["mode"] = "paper"
    gaps = Gaps(cycling, weth(cycling))
    await cycling.start()
    gaps.pools()
    order = await gaps.open()
    await cycling.mine_until(lambda record: not record.books["main"].orders)
    (booked,) = cycling.record.all(f.Booked)
    assert booked.cash == order.expected_out - order.amount_in
    found = cycling.record.all(CycleFound)
    assert order.expected_out - order.amount_in <= max(each.gain for each in found)
    assert cycling.nonce() == 0
    assert await cycling.replayed() == 0
    resolved = resolve(load(cycling.config, mode=Mode.BACKTEST), Catalogue.discover())
    traded = (await backtest(resolved, cycling.journal, cash=FUNDS)).accounts["main"]
    assert [(fill.cash, fill.amount) for fill in traded.fills] == [(booked.cash, 0)]
    assert traded.cash == {f"{cycling.chain.chain_id}:{NATIVE}": FUNDS + traded.realised}
