"""What a rollup takes for data: read with each block, kept with the gas, booked, and weighed against what is won."""

from dataclasses import replace

import pytest
from world import (
    CHAIN,
    ETHER,
    GAS_APPROVE,
    GAS_SWAP,
    GWEI,
    WETH,
    Setup,
    Splitting,
    World,
    address,
    pool_of,
    target,
    token_of,
    twin_of,
)

from sniper.codec import decode, encode
from sniper.events import RollupRead
from sniper.evm.rollup_fee import ArbitrumFees, OpFees, RollupFees
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadRollup, Send, Sign
from sniper.kernel.book import CANCEL_GAS
from sniper.kernel.routes import POORER
from sniper.kernel.snapshot import dump, restore
from sniper.kernel.wiring import ExecutionWiring
from sniper.proposal import Leg
from sniper.types import NATIVE

NATIVE_ID = f"{CHAIN}:{NATIVE}"
FIRST = token_of(1)
SLOW = replace(Setup(), strategies=(("script", (target(take=11_000),)),), rollup="op")
ROUTING = replace(
    Setup(), twins=True, venue=Splitting(), rollup="op", execution=ExecutionWiring(routes=True, read_wallet_blocks=1)
)


def flat(wei: int) -> OpFees:
    """The same for each transaction, whatever its data: the constant of the operator fee."""
    return OpFees(
        l1_base_fee=0,
        blob_base_fee=0,
        base_fee_scalar=0,
        blob_base_fee_scalar=0,
        fork="isthmus",
        operator_constant=wei,
    )


def kept(wei: int) -> int:
    """With what may be due until a transaction is in a block."""
    return wei * 5 // 4


def on(setup: Setup, prices: RollupFees, takes: int = 0) -> World:
    """A world whose prices were read. ``takes``: what its chain really takes of each transaction."""
    world = World(setup)
    world.prices, world.chain.data_fee = prices, takes
    world.mine()
    world.answer_all()
    return world


def test_what_it_takes_is_read_with_each_block_and_not_twice_at_once() -> None:
    world = World(SLOW)
    world.prices = flat(GWEI)
    world.mine()
    (ask,) = world.asked(ReadRollup)
    world.mine()
    assert world.asked(ReadRollup) == [ask], "one at a time"
    assert isinstance(ask.body, ReadRollup)
    assert ask.body.block == world.chain.head.number - 1
    world.answer_all()
    assert world.kernel.market.chains[CHAIN].data_fees == flat(GWEI)
    world.prices = flat(2 * GWEI)
    world.mine()
    world.answer_all()
    assert world.kernel.market.chains[CHAIN].data_fees == flat(2 * GWEI)
    world.check_replay()


def test_a_reading_that_fails_is_repeated_with_the_next_block_and_the_last_one_stands() -> None:
    world = on(SLOW, flat(GWEI))
    world.prices = None
    world.mine()
    world.answer_all()
    assert world.kernel.market.chains[CHAIN].data_fees == flat(GWEI)
    world.mine()
    assert world.asked(ReadRollup)
    world.crash()
    world.mine()
    assert world.asked(ReadRollup), "the process that had asked is gone"


def test_nothing_is_bought_before_it_is_known_and_what_is_held_is_sold_all_the_same() -> None:
    world = World(SLOW)
    world.open()
    assert world.of(f.Verdict)[-1].rule == "kernel.fee-bid"
    world.prices = flat(GWEI)
    world.mine()
    world.answer_all()
    world.bought()
    world.kernel.market.chains[CHAIN].data_fees = None
    world.close()
    world.prices = None
    world.settle()
    assert FIRST not in world.book.positions


def test_it_is_kept_for_the_entry_and_the_way_out_and_booked_as_gas() -> None:
    fee = 10**14
    world = on(SLOW, flat(fee), fee)
    funds = world.chain.ledger.native
    world.open()
    (order,) = world.of(f.OrderPlaced)
    assert order.gas == GAS_SWAP * 30 * GWEI + kept(fee)
    way_back = 2 * GAS_APPROVE + GAS_SWAP
    assert order.exit_gas == way_back * 30 * GWEI + kept(3 * fee)
    world.settle()
    assert world.of(f.Booked)[0].gas > fee
    world.check_against_chain()
    world.close()
    world.settle()
    assert FIRST not in world.book.positions
    gas = sum(booked.gas for booked in world.of(f.Booked))
    paid = sum(r.gas_used * r.gas_price for block in world.chain.blocks for r in block.receipts.values())
    assert gas == paid + fee * sum(len(block.receipts) for block in world.chain.blocks)
    assert world.book.cash[NATIVE_ID] == world.chain.ledger.native < funds
    assert not [fact for fact in world.of(f.Adjusted) if "deposit" not in fact.reason and fact.asset == NATIVE_ID][1:]
    world.check()
    world.check_replay()
    world.check_against_chain()


def test_an_entry_is_denied_where_the_cash_would_not_pay_for_its_data() -> None:
    world = on(SLOW, flat(3 * ETHER))
    world.open(amount=ETHER)
    assert world.of(f.Verdict)[-1].rule == "kernel.free-cash"


def cycle(world: World) -> str:
    legs = (
        Leg(pool=twin_of(1), token_in=WETH, token_out=address(1)),
        Leg(pool=pool_of(1), token_in=address(1), token_out=WETH),
    )
    world.cue("arbitrage", legs=legs)
    return str(world.of(f.Verdict)[-1].rule)


def test_a_cycle_must_bring_more_than_its_data_cost() -> None:
    setup = replace(Setup(), twins=True, venue=Splitting(), rollup="op")
    world = on(setup, flat(0))
    world.mine(trades=((pool_of(1), ETHER // 2),))
    world.answer_all()
    assert cycle(world) == ""
    order = world.of(f.OrderPlaced)[-1]
    gain = order.expected_out - order.amount_in
    dear = on(setup, flat(gain))
    dear.mine(trades=((pool_of(1), ETHER // 2),))
    dear.answer_all()
    assert cycle(dear) == "kernel.profit"


@pytest.mark.parametrize(("fee", "routed"), [(0, True), (ETHER, False)])
def test_a_sale_is_not_routed_where_the_data_of_its_approval_cost_more_than_the_route_brings(
    fee: int, routed: bool
) -> None:
    world = on(ROUTING, flat(0))
    world.cue("open", 1, amount=ETHER // 2, pool=f"{CHAIN}:{pool_of(1)}")
    world.settle()
    world.mine(trades=((twin_of(1), ETHER // 2),))
    world.prices = flat(fee)
    world.mine()
    world.answer_all()
    world.close()
    world.answer_all()
    sale = world.of(f.OrderPlaced)[-1]
    assert (sale.side, sale.route is not None) == ("reduce", routed)
    notes = [finding.note for fact in world.of(f.Judged) for finding in fact.findings if finding.rule == "routed"]
    assert (notes[-1] == POORER) != routed


BEDROCK = OpFees(
    fork="bedrock", l1_base_fee=GWEI, blob_base_fee=0, base_fee_scalar=684_000, blob_base_fee_scalar=0, overhead=188
)
NITRO = ArbitrumFees(byte_price=1_600 * GWEI, gas_price=10 * GWEI, lowest_gas_price=GWEI)


def data_gas(world: World, steps: int) -> list[int]:
    return [fact.data_gas for fact in world.of(f.AttemptMade)][-steps:]


def test_on_arbitrum_the_limit_holds_gas_for_data_which_is_kept_and_signed() -> None:
    world = on(replace(SLOW, rollup="arbitrum"), NITRO)
    world.open()
    (order,) = world.of(f.OrderPlaced)
    (more,) = data_gas(world, 1)
    assert more > 1_000
    assert order.gas == (GAS_SWAP + more) * 30 * GWEI
    (ask,) = world.asked(Sign)
    assert isinstance(ask.body, Sign)
    assert ask.body.gas == GAS_SWAP + more
    world.answer(ask)
    (send,) = world.asked(Send)
    assert isinstance(send.body, Send)
    assert send.body.submission.gas == GAS_SWAP + more
    world.settle()
    world.close()
    world.settle()
    assert FIRST not in world.book.positions
    world.check_against_chain()
    world.check_replay()


def test_a_cancellation_on_arbitrum_holds_gas_for_its_data_too() -> None:
    world = on(replace(SLOW, rollup="arbitrum", execution=ExecutionWiring(max_attempts=1)), NITRO)
    world.open()
    world.answer_all()
    for _ in range(4):
        world.mine(most=0)
        world.answer_all()
    cancelled = world.of(f.AttemptMade)[-1]
    assert cancelled.cancel
    assert cancelled.data_gas > 1_000
    assert world.sent[-1][1].gas == CANCEL_GAS + cancelled.data_gas


def test_a_kernel_from_a_snapshot_knows_the_prices_and_what_is_asked() -> None:
    world = on(SLOW, flat(GWEI))
    world.mine()
    state = dump(world.kernel)
    fresh = world.setup.kernel(lambda what, error: None)
    assert restore(fresh, state) == ()
    chain = fresh.market.chains[CHAIN]
    assert (chain.data_fees, chain.data_fees_asked) == (flat(GWEI), True)
    assert dump(fresh) == state


@pytest.mark.parametrize("fees", [flat(GWEI), BEDROCK, NITRO])
def test_a_reading_is_the_same_from_the_journal(fees: RollupFees) -> None:
    event = RollupRead(time=1, chain_id=CHAIN, block=7, fees=fees)
    assert decode(encode(event), RollupRead) == event


def test_a_sale_that_is_signed_beforehand_on_arbitrum_holds_gas_for_its_data() -> None:
    world = on(replace(SLOW, rollup="arbitrum", execution=ExecutionWiring(presigned=True)), NITRO)
    world.bought()
    for _ in range(3):
        world.mine()
        world.answer_all()
    assert world.book.presigned[FIRST].sale.sign.gas > GAS_SWAP + 1_000


def test_after_a_reorg_gas_for_data_is_kept_again_on_arbitrum() -> None:
    world = on(replace(SLOW, rollup="arbitrum"), NITRO)
    world.open()
    world.settle()
    (order,) = world.of(f.OrderPlaced)
    (ended,) = world.book.ended.values()
    needed = sum(ended.transaction(each).gas * each.bid.max_fee for each in ended.attempts)
    assert needed > sum(step.gas for step in ended.steps) * 30 * GWEI
    world.chain.reorg(world.account.chain.number - ended.attempts[0].block + 1)
    world.chain.mine(most=0)
    world.deliver()
    assert world.book.orders[order.order].gas >= needed
