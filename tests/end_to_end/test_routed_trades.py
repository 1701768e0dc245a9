"""Entries and sales over a Uniswap V2 and a V3 pool at once: what a router proposed is traded, and what was quoted
arrives."""

import asyncio
from math import isqrt

import pytest
from stand import FUNDS, Launch, Stand

from sniper.catalogue import Catalogue
from sniper.events import Sent
from sniper.kernel import facts as f
from sniper.runtime.backtest import backtest
from sniper.runtime.control import ask
from sniper.settings.load import load
from sniper.settings.resolver import resolve
from sniper.types import NATIVE, Mode
from sniper_sdk.creation import creation_code
from sniper_sdk.devchain import Account, calldata
from sniper_sdk.protocols import PERMIT2, Protocols
from sniper_sdk.zoo import approve
from sniper_sdk.zoo.pools import V3_FEE

ETHER = 10**18
UNIT = 10**6
"""Of a dollar token."""
SUPPLY = 10**24
RANGE = 887_220
FOREVER = 2**63
EXECUTE = "execute((address[],uint8,uint256,uint256,bool,uint256,(uint8,uint8,uint8,uint64,uint256,uint256)[]))"
"""Of the aggregator's contract."""


@pytest.fixture
def routed(stand: Stand) -> Stand:
    """A bot whose trades are routed, and no venue that could carry a route out."""
    document, addresses = stand.document, stand.chain.addresses
    document["account"]["main"]["execution"]["routes"] = True
    document["strategy"]["launch-snipe"]["any_pool"] = True
    del document["strategy"]["launch-snipe"]["venue"]
    document["amm"]["uniswap-v3"] = {"factories": [addresses.v3_factory.lower()]}
    document["router"] = {"dual": {}}
    document["runtime"] = {"deadlines": {"route": 10}}  # a slow machine must not decide what is bought
    return stand


def allow_universal_router(stand: Stand) -> None:
    router = Protocols.deployed(stand.chain).universal_router.router.lower()
    stand.document["venue"]["uniswap"]["universal_router"] = router
    rules = stand.document["signer"]["keystore"]["rules"]["chains"][str(stand.chain.chain_id)]
    rules["spenders"] += [PERMIT2, router]
    rules["contracts"][PERMIT2] = {"approve(address,address,uint160,uint48)": {}}
    rules["contracts"][router] = {"execute(bytes,bytes[],uint256)": {"commands": True}}


def allow_aggregator(stand: Stand) -> None:
    chain, weth = stand.chain, stand.chain.addresses.weth
    contract = chain.deploy(creation_code("sniper_venue_aggregator", "Aggregator", weth, NATIVE, NATIVE)).lower()
    stand.document["venue"]["aggregator"] = {"chain_id": chain.chain_id, "contract": contract, "wrapped": weth.lower()}
    rules = stand.document["signer"]["keystore"]["rules"]["chains"][str(chain.chain_id)]
    rules["spenders"].append(contract)
    rules["contracts"][contract] = {EXECUTE: {}}


@pytest.fixture
def bank() -> Account:
    """Owns all of the quote token."""
    return Account.named("bank")


@pytest.fixture
def dollars(routed: Stand, bank: Account) -> str:
    """Address of a token that the account has some of and pays with."""
    routed.chain.fund(bank.address, FUNDS)
    token = routed.market.token("NoReturnToken", bank)
    routed.chain.send(bank, token, calldata("transfer(address,uint256)", routed.owner, 100_000 * UNIT))
    document = routed.document
    document["account"]["main"]["quote"] = token.lower()
    document["strategy"]["launch-snipe"]["min_liquidity"] = 1_000 * UNIT
    document["sizer"]["fixed"]["amount"] = 100 * UNIT
    document["risk"]["limits"] |= {"max_spend_per_trade": 100 * UNIT, "max_spend_per_day": 1_000 * UNIT}
    document["risk"]["liquidity"]["min_quote_reserve"] = 1_000 * UNIT
    return token


def launch(stand: Stand, *, quote: str | None = None, bank: Account | None = None, depth: int = 2 * ETHER) -> Launch:
    """A token in one block, and in the next one its two pools at the same price, the one on V3 half as deep."""
    chain, at = stand.chain, stand.chain.addresses
    found = stand.market.prepared(quote=quote)
    maker = found.deployer
    if quote is None:
        chain.submit(maker, at.weth, calldata("deposit()"), 2 * depth)
    else:
        assert bank is not None
        chain.submit(bank, quote, calldata("transfer(address,uint256)", maker.address, 2 * depth))
    for token in (found.token, found.quote):
        for spender in (at.v2_router, at.v3_positions):
            call = approve(token, spender)
            chain.submit(maker, call.to, call.data)
    chain.mine()
    add = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
    liquid = calldata(add, found.token, found.quote, SUPPLY // 2, depth, 0, 0, maker.address, FOREVER)
    chain.submit(maker, at.v2_router, liquid, gas=4_000_000)
    (first, x), (second, y) = sorted(
        ((found.token, SUPPLY // 4), (found.quote, depth // 2)), key=lambda coin: int(coin[0], 16)
    )
    create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    price = isqrt((y << 192) // x)
    chain.submit(maker, at.v3_positions, calldata(create, first, second, V3_FEE, price), gas=6_000_000)
    mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
    position = (first, second, V3_FEE, -RANGE, RANGE, x, y, 0, 0, maker.address, FOREVER)
    chain.submit(maker, at.v3_positions, calldata(mint, position), gas=2_000_000)
    chain.mine()
    return found


async def bought(stand: Stand, found: Launch) -> f.OrderPlaced:
    """The entry that the launch led to, once it and the approval of its exit are done."""
    asset = found.asset(stand.chain)
    await stand.until(lambda record: record.entries_of().get(asset))
    await stand.mine_until(lambda record: not record.books["main"].orders)
    (order,) = (fact for fact in stand.record.all(f.OrderPlaced) if fact.token == asset and fact.side == "increase")
    assert order.route is not None, [x for fact in stand.record.all(f.Judged) for x in fact.findings if not x.ok]
    assert sorted(leg.amm for leg in order.route.legs) == ["constant-product", "uniswap-v3"]
    assert order.expected_out == sum(out for _, out in order.route.amounts) > order.route.direct_out
    return order


@pytest.mark.parametrize("venue", ["uniswap", "aggregator"])
async def test_an_entry_is_split_over_two_pools_and_receives_what_was_quoted_to_the_unit(
    routed: Stand, venue: str
) -> None:
    (allow_aggregator if venue == "aggregator" else allow_universal_router)(routed)
    await routed.start()
    found = launch(routed)
    order = await bought(routed, found)
    assert order.route is not None
    assert (order.route.venue, order.venue) == (venue, "uniswap")
    balance = routed.chain.token_balance(found.token, routed.owner)
    assert balance == order.expected_out == routed.record.books["main"].positions[order.token].amount
    assert routed.differences() == []
    await routed.sell(found)
    assert not routed.chain.token_balance(found.token, routed.owner)
    assert routed.differences() == []
    assert await routed.replayed() == 0


async def test_a_token_pays_for_two_split_entries_through_permit2(routed: Stand, bank: Account, dollars: str) -> None:
    allow_universal_router(routed)
    await routed.start()
    spent = 0
    for _ in range(2):  # the second one finds the allowance that the first one used up
        found = launch(routed, quote=dollars, bank=bank, depth=4_000 * UNIT)
        order = await bought(routed, found)
        spent += order.amount_in
        assert [step.purpose for step in order.steps] == ["approve", "approve", "entry"]
        assert routed.chain.token_balance(found.token, routed.owner) == order.expected_out
        assert routed.differences(tokens=[dollars]) == []
    book = routed.record.books["main"]
    assert book.cash[f"{routed.chain.chain_id}:{dollars.lower()}"] == 100_000 * UNIT - spent
    assert await routed.replayed() == 0


def spend(stand: Stand, amount: int) -> None:
    """So much that two approvals cost less than a split sale brings more."""
    stand.document["sizer"]["fixed"]["amount"] = amount
    stand.document["risk"]["limits"] |= {"max_spend_per_trade": amount}
    stand.document["risk"]["liquidity"]["max_impact_bps"] = 1_000
    stand.document["signer"]["keystore"]["rules"]["chains"][str(stand.chain.chain_id)]["max_value"] = amount


async def closed(stand: Stand, found: Launch) -> f.OrderPlaced:
    """The sale that its owner wanted, once it is done."""
    asset = found.asset(stand.chain)
    await asyncio.to_thread(ask, stand.data, {"command": "close", "token": asset})
    await stand.until(lambda record: [x for x in record.all(f.OrderPlaced) if x.side == "reduce"])
    await stand.mine_until(lambda record: not record.books["main"].orders)
    (order,) = (fact for fact in stand.record.all(f.OrderPlaced) if fact.token == asset and fact.side == "reduce")
    return order


@pytest.mark.parametrize(("venue", "approvals"), [("uniswap", 2), ("aggregator", 1)])
async def test_a_position_is_sold_over_two_pools_and_brings_what_was_quoted_to_the_unit(
    routed: Stand, venue: str, approvals: int
) -> None:
    (allow_aggregator if venue == "aggregator" else allow_universal_router)(routed)
    spend(routed, ETHER // 5)
    await routed.start()
    found = launch(routed, depth=4 * ETHER)
    held = (await bought(routed, found)).expected_out
    order = await closed(routed, found)
    assert order.route is not None, [x for fact in routed.record.all(f.Judged) for x in fact.findings if not x.ok]
    assert (order.route.venue, order.venue, order.amount_in) == (venue, "uniswap", held)
    assert sorted(leg.amm for leg in order.route.legs) == ["constant-product", "uniswap-v3"]
    assert [step.purpose for step in order.steps] == ["approve"] * approvals + ["exit"]
    (sold,) = (fact for fact in routed.record.all(f.Booked) if fact.order == order.order and fact.amount)
    assert sold.cash == order.expected_out == sum(out for _, out in order.route.amounts) > order.route.direct_out
    assert not routed.chain.token_balance(found.token, routed.owner)
    assert routed.differences() == []
    assert await routed.replayed() == 0


async def test_a_position_is_sold_for_a_token_over_two_pools(routed: Stand, bank: Account, dollars: str) -> None:
    allow_universal_router(routed)
    await routed.start()
    found = launch(routed, quote=dollars, bank=bank, depth=4_000 * UNIT)
    entry = await bought(routed, found)
    order = await closed(routed, found)
    assert order.route is not None
    (sold,) = (fact for fact in routed.record.all(f.Booked) if fact.order == order.order and fact.amount)
    assert sold.cash == order.expected_out
    asset = f"{routed.chain.chain_id}:{dollars.lower()}"
    assert routed.record.books["main"].cash[asset] == 100_000 * UNIT - entry.amount_in + order.expected_out
    assert routed.differences(tokens=[dollars]) == []
    assert await routed.replayed() == 0


async def test_a_shadow_chooses_a_route_and_sends_nothing(routed: Stand) -> None:
    allow_universal_router(routed)
    routed.document["mode"] = "shadow"
    await routed.start()
    found = launch(routed)
    asset = found.asset(routed.chain)
    await routed.until(lambda record: record.all(f.OrderEnded))
    await routed.mine(3)
    order = routed.record.all(f.OrderPlaced)[0]
    assert order.token == asset
    assert order.route is not None
    assert sorted(leg.amm for leg in order.route.legs) == ["constant-product", "uniswap-v3"]
    assert order.expected_out == sum(out for _, out in order.route.amounts) > order.route.direct_out
    assert {sent.outcome for sent in routed.record.all(Sent)} == {"not-sent"}
    assert {(end.state, end.reason) for end in routed.record.all(f.OrderEnded)} == {
        ("cancelled", "shadow mode: not sent")
    }
    assert routed.nonce() == 0
    assert all(method != "eth_sendRawTransaction" for method, _ in routed.node.asked)
    assert routed.differences() == []
    assert await routed.replayed() == 0


async def test_where_trades_are_only_played_an_entry_fills_at_what_all_its_legs_give_and_a_backtest_does_alike(
    routed: Stand,
) -> None:
    allow_universal_router(routed)
    routed.document["mode"] = "paper"
    routed.document["risk"] = {key: routed.document["risk"][key] for key in ("limits", "liquidity")}
    spend(routed, ETHER // 5)
    await routed.start()
    found = launch(routed, depth=4 * ETHER)
    order = await bought(routed, found)
    assert routed.record.books["main"].positions[order.token].amount == order.expected_out
    sale = await closed(routed, found)
    assert sale.route is not None
    (sold,) = (fact for fact in routed.record.all(f.Booked) if fact.order == sale.order and fact.amount)
    assert sold.cash == sale.expected_out
    assert await routed.replayed() == 0
    resolved = resolve(load(routed.config, mode=Mode.BACKTEST), Catalogue.discover())
    traded = await backtest(resolved, routed.journal, cash=FUNDS)
    assert [fill.amount for fill in traded.accounts["main"].fills if fill.amount] == [order.expected_out]
