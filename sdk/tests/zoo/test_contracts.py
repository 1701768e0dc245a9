"""Each contract of the zoo does to a buyer what its first comment says, in a real pool."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sniper.errors import CallReverted
from sniper_sdk.devchain import Account, DevChain, Receipt, calldata, topic
from sniper_sdk.npm import UnknownArtifact
from sniper_sdk.zoo import Call, Pool, V2Pool, V3Pool, approve, contract

ETHER = 10**18
SUPPLY = 1_000_000 * ETHER
TRANSFER = topic("Transfer(address,address,uint256)")


@dataclass
class Market:
    """A launched token: its owner has put all of it and 10 ETH into a pool."""

    chain: DevChain
    token: str
    pool: Pool
    owner: Account
    buyer: Account

    def do(self, who: Account, call: Call) -> Receipt:
        return self.chain.send(who, call.to, call.data, call.value, gas=call.gas)

    def owner_calls(self, signature: str, *arguments: object) -> Receipt:
        return self.chain.send(self.owner, self.token, calldata(signature, *arguments))

    def buy(self, wei: int = ETHER // 10) -> int:
        """What the token says that the buyer has got."""
        before = self.holds(self.buyer.address)
        self.do(self.buyer, self.pool.buy(self.buyer.address, wei))
        return self.holds(self.buyer.address) - before

    def sell(self, tokens: int) -> int:
        """Wei that the buyer got, gas left out."""
        self.do(self.buyer, approve(self.token, self.pool.spender))
        before = self.chain.balance(self.buyer.address)
        receipt = self.do(self.buyer, self.pool.sell(self.buyer.address, tokens))
        return self.chain.balance(self.buyer.address) - before + receipt.fee

    def holds(self, address: str) -> int:
        return self.chain.token_balance(self.token, address)


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with DevChain() as running:
        yield running


@pytest.fixture(autouse=True)
def _untouched(chain: DevChain) -> Iterator[None]:
    before = chain.snapshot()
    yield
    chain.revert(before)


def launch(chain: DevChain, name: str, *more: object, kind: type[V2Pool] | type[V3Pool] = V2Pool) -> Market:
    owner, buyer = chain.accounts[:2]
    token = chain.deploy(contract(name), "Specimen", "SPEC", SUPPLY, *more, sender=owner)
    pool = kind(token, chain.addresses)
    market = Market(chain, token, pool, owner, buyer)
    market.do(owner, pool.create(SUPPLY, 10 * ETHER))
    if any(entry.get("name") == "setPool" for entry in contract(name).abi):
        market.owner_calls("setPool(address)", pool.address)
    for call in pool.add(owner.address, SUPPLY, 10 * ETHER):
        market.do(owner, call)
    return market


def test_an_unknown_contract_is_refused_with_the_names_that_are_known() -> None:
    with pytest.raises(UnknownArtifact, match="PlainToken"):
        contract("NiceToken")


@pytest.mark.parametrize(
    ("kind", "factory", "question"),
    [(V2Pool, "v2_factory", "getPair(address,address)"), (V3Pool, "v3_factory", "getPool(address,address,uint24)")],
)
def test_the_pool_is_where_it_was_computed_to_be(
    chain: DevChain, kind: type[V2Pool] | type[V3Pool], factory: str, question: str
) -> None:
    market = launch(chain, "PlainToken", kind=kind)
    pair = (market.token, chain.addresses.weth)
    asked = calldata(question, *pair, *((3000,) if kind is V3Pool else ()))
    assert chain.call(getattr(chain.addresses, factory), asked)[12:].hex() == market.pool.address[2:].lower()
    tokens, wei = market.pool.reserves(chain)
    assert tokens == pytest.approx(SUPPLY, rel=1e-9)
    assert wei == pytest.approx(10 * ETHER, rel=1e-9)


@pytest.mark.parametrize("kind", [V2Pool, V3Pool])
def test_plain_can_be_bought_and_sold_for_little_less(chain: DevChain, kind: type[V2Pool] | type[V3Pool]) -> None:
    market = launch(chain, "PlainToken", kind=kind)
    spent = ETHER // 10
    back = market.sell(market.buy(spent))
    assert 0.993 * spent < back < spent  # twice 0.3%
    assert market.holds(market.buyer.address) == 0


@pytest.mark.parametrize("kind", [V2Pool, V3Pool])
def test_removing_all_liquidity_gives_the_deployer_its_ether_and_the_holder_nothing(
    chain: DevChain, kind: type[V2Pool] | type[V3Pool]
) -> None:
    market = launch(chain, "PlainToken", kind=kind)
    got = market.buy(ETHER)
    for share, left in ((3_000, 0.7), (10_000, 0.0)):
        for call in market.pool.remove(chain, market.owner.address, share):
            market.do(market.owner, call)
        weth = chain.token_balance(chain.addresses.weth, market.pool.address)
        assert weth == pytest.approx(11 * ETHER * left, rel=0.001, abs=10**6)
    if kind is V2Pool:
        assert market.sell(got) < 10**6
    else:
        with pytest.raises(CallReverted):  # a V3 pool without liquidity has no price to sell at
            market.sell(got)


def test_fee_token_charges_three_percent_to_everyone_but_its_owner(chain: DevChain) -> None:
    market = launch(chain, "FeeToken")
    assert market.holds(market.pool.address) == SUPPLY
    receipt = market.do(market.buyer, market.pool.buy(market.buyer.address, ETHER // 10))
    left_the_pool = SUPPLY - market.holds(market.pool.address)
    fee = left_the_pool * 3 // 100
    assert market.holds(market.buyer.address) == left_the_pool - fee
    assert market.holds(market.owner.address) == fee
    assert len([log for log in receipt.logs if log.topics[0] == TRANSFER and log.address == market.token]) == 2
    assert market.sell(left_the_pool - fee) == pytest.approx(0.97**2 * ETHER / 10, rel=0.01)


def test_no_return_token_trades_returns_nothing_and_wants_allowances_reset(chain: DevChain) -> None:
    market = launch(chain, "NoReturnToken")
    got = market.buy()
    assert market.sell(got) > 0.99 * ETHER / 10
    for signature in ("transfer(address,uint256)", "approve(address,uint256)"):
        data = calldata(signature, market.owner.address, 0)
        assert chain.call(market.token, data, sender=market.buyer.address) == b""
    with pytest.raises(CallReverted, match="reset the allowance first"):
        market.do(market.buyer, approve(market.token, market.pool.spender))


def test_slow_starter_cannot_be_bought_until_its_owner_enables_trading(chain: DevChain) -> None:
    market = launch(chain, "SlowStartToken")
    with pytest.raises(CallReverted, match="TRANSFER_FAILED"):
        market.buy()
    with pytest.raises(CallReverted, match="not the owner"):
        chain.send(market.buyer, market.token, calldata("enableTrading()"))
    assert market.owner_calls("enableTrading()").logs[0].topics == (topic("TradingEnabled()"),)
    assert market.sell(market.buy()) > 0.99 * ETHER / 10


@pytest.mark.parametrize("kind", [V2Pool, V3Pool])
def test_cannot_sell_token_can_be_bought_and_is_sold_by_its_owner_only(
    chain: DevChain, kind: type[V2Pool] | type[V3Pool]
) -> None:
    market = launch(chain, "CannotSellToken", kind=kind)
    got = market.buy()
    with pytest.raises(CallReverted, match=r"TRANSFER_FROM_FAILED|STF"):
        market.sell(got)
    chain.send(market.buyer, market.token, calldata("transfer(address,uint256)", market.owner.address, got))
    market.do(market.owner, approve(market.token, market.pool.spender))
    before = chain.balance(market.owner.address)
    receipt = market.do(market.owner, market.pool.sell(market.owner.address, got))
    assert chain.balance(market.owner.address) - before + receipt.fee > 0.99 * ETHER / 10


@pytest.mark.parametrize("basis_points", [200, 9_000])
def test_tax_token_takes_its_share_of_sells_and_nothing_of_buys(chain: DevChain, basis_points: int) -> None:
    market = launch(chain, "TaxToken", basis_points)
    got = market.buy()
    assert got == SUPPLY - market.holds(market.pool.address)
    before = market.holds(market.owner.address)
    back = market.sell(got)
    assert market.holds(market.owner.address) - before == got * basis_points // 10_000
    assert back == pytest.approx((1 - basis_points / 10_000) * ETHER / 10, rel=0.02)


def test_the_owner_of_a_tax_token_raises_the_tax_and_says_so(chain: DevChain) -> None:
    market = launch(chain, "TaxToken", 200)
    got = market.buy()
    (log,) = market.owner_calls("setTax(uint256)", 9_500).logs
    assert (log.topics[0], int(log.data, 16)) == (topic("TaxChanged(uint256)"), 9_500)
    assert market.sell(got) < 0.06 * ETHER / 10
    with pytest.raises(CallReverted, match="not the owner"):
        chain.send(market.buyer, market.token, calldata("setTax(uint256)", 0))
    with pytest.raises(CallReverted, match="more than everything"):
        market.owner_calls("setTax(uint256)", 10_001)


def test_blacklist_token_sells_until_its_owner_blacklists_the_holder(chain: DevChain) -> None:
    market = launch(chain, "BlacklistToken")
    got = market.buy()
    assert market.sell(got // 2) > 0
    (log,) = market.owner_calls("blacklist(address[])", [market.buyer.address]).logs
    assert log.topics == (topic("Blacklisted(address)"), "0x" + market.buyer.address[2:].lower().rjust(64, "0"))
    with pytest.raises(CallReverted, match="TRANSFER_FROM_FAILED"):
        market.sell(got // 2)
    assert market.buy() > 0  # buying more is welcome


def test_blacklist_on_buy_token_can_be_bought_again_but_never_sold(chain: DevChain) -> None:
    market = launch(chain, "BlacklistOnBuyToken")
    got = market.buy() + market.buy()
    with pytest.raises(CallReverted, match="TRANSFER_FROM_FAILED"):
        market.sell(got)


def test_the_owner_of_a_drain_token_takes_the_pool_in_one_transaction(chain: DevChain) -> None:
    market = launch(chain, "DrainToken")
    got = market.buy()
    before = chain.balance(market.owner.address)
    signature = "mintAndDump(uint256,address,address)"
    arguments = (50 * SUPPLY, chain.addresses.v2_router, chain.addresses.weth)
    receipt = market.owner_calls(signature, *arguments)
    assert chain.balance(market.owner.address) - before + receipt.fee > 9.8 * ETHER
    assert market.sell(got) < 0.01 * ETHER / 10
    with pytest.raises(CallReverted, match="not the owner"):
        chain.send(market.buyer, market.token, calldata(signature, *arguments))


def test_lying_token_shows_a_hundred_times_what_can_be_sold(chain: DevChain) -> None:
    market = launch(chain, "LyingToken")
    shown = market.buy()
    assert shown == SUPPLY - market.holds(market.pool.address)  # what an honest token would have given
    with pytest.raises(CallReverted, match="TRANSFER_FROM_FAILED"):
        market.sell(shown)
    assert 0 < market.sell(shown // 100) < 0.011 * ETHER / 10


def test_gas_burner_leaves_no_more_than_the_callers_last_sixty_fourth(chain: DevChain) -> None:
    market = launch(chain, "GasBurnerToken")
    got = market.buy()
    market.do(market.buyer, approve(market.token, market.pool.spender))
    selling = market.pool.sell(market.buyer.address, got)
    chain.rpc.call("evm_setAutomine", False)
    try:
        sold = chain.submit(market.buyer, selling.to, selling.data, gas=2_000_000)
        chain.mine()
    finally:
        chain.rpc.call("evm_setAutomine", True)
    receipt = chain.receipt(sold)
    assert not receipt.succeeded
    assert receipt.gas_used > 0.96 * 2_000_000


def test_garbage_token_answers_a_sell_and_its_symbol_with_three_bytes_and_moves_nothing(chain: DevChain) -> None:
    market = launch(chain, "GarbageToken")
    got = market.buy()
    selling = calldata("transfer(address,uint256)", market.pool.address, got)
    assert chain.call(market.token, selling, sender=market.buyer.address) == b"\xff\xff\xff"
    assert chain.call(market.token, calldata("symbol()")) == b"\xff\xff\xff"
    with pytest.raises(CallReverted):
        market.sell(got)
    chain.send(market.buyer, market.token, selling)
    assert market.holds(market.buyer.address) == got


def test_long_revert_token_answers_a_sell_with_a_hundred_thousand_bytes(chain: DevChain) -> None:
    market = launch(chain, "LongRevertToken")
    got = market.buy()
    with pytest.raises(CallReverted, match="100000 bytes"):
        chain.call(
            market.token,
            calldata("transfer(address,uint256)", market.pool.address, got),
            sender=market.buyer.address,
        )
    with pytest.raises(CallReverted, match="TRANSFER_FROM_FAILED"):
        market.sell(got)


@pytest.mark.parametrize("name", ["CannotSellToken", "LyingToken", "GarbageToken", "LongRevertToken", "FeeToken"])
def test_only_the_owner_names_the_pool(chain: DevChain, name: str) -> None:
    market = launch(chain, name)
    with pytest.raises(CallReverted, match="not the owner"):
        chain.send(market.buyer, market.token, calldata("setPool(address)", market.buyer.address))
