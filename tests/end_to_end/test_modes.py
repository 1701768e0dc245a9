"""Paper and shadow on the dev chain: the same decisions, and nothing ever leaves."""

from stand import FUNDS, Stand
from stand.market import SUPPLY

from sniper.events import Sent
from sniper.kernel import facts as f
from sniper.types import NATIVE

LIQUIDITY = 10 * 10**18
AMOUNT = 5 * 10**16


def uniswap_v2_out(amount_in: int, reserve_in: int, reserve_out: int) -> int:
    """``UniswapV2Library.getAmountOut``."""
    paid = amount_in * 997
    return paid * reserve_out // (reserve_in * 1000 + paid)


def never_sent(stand: Stand) -> bool:
    return stand.nonce() == 0 and all(method != "eth_sendRawTransaction" for method, _ in stand.node.asked)


async def test_paper_fills_at_the_exact_price_of_the_pool_and_sends_nothing(stand: Stand) -> None:
    stand.document["mode"] = "paper"
    await stand.start()
    assert "PAPER" in stand.bot.words()
    launch = await stand.hold_a_launch()
    asset = launch.asset(stand.chain)
    bought = uniswap_v2_out(AMOUNT, LIQUIDITY, SUPPLY * 65 // 100)
    book = stand.record.books["main"]
    assert book.positions[asset].amount == bought
    await stand.sell(launch)
    reserves = stand.chain.call(launch.pool, bytes.fromhex("0902f1ac"))
    first, second = int.from_bytes(reserves[:32], "big"), int.from_bytes(reserves[32:64], "big")
    tokens, wei = (first, second) if int(launch.token, 16) < int(launch.quote, 16) else (second, first)
    received = uniswap_v2_out(bought, tokens, wei)
    gas = sum(fact.gas for fact in stand.record.all(f.Booked))
    assert gas > 0
    assert book.cash[f"{stand.chain.chain_id}:{NATIVE}"] == FUNDS - AMOUNT + received - gas
    assert asset not in book.positions
    assert never_sent(stand)
    assert stand.chain.balance(stand.owner) == FUNDS
    assert stand.chain.token_balance(launch.token, stand.owner) == 0


async def test_paper_keeps_its_positions_and_its_cash_over_a_restart(stand: Stand) -> None:
    stand.document["mode"] = "paper"
    await stand.start()
    launch = await stand.hold_a_launch()
    asset = launch.asset(stand.chain)
    native = f"{stand.chain.chain_id}:{NATIVE}"
    before = stand.record.books["main"]
    held, cash = before.positions[asset].amount, before.cash[native]
    await stand.restart()
    await stand.mine()
    after = stand.record.books["main"]
    assert after.cash[native] == cash
    assert after.positions[asset].amount == held
    await stand.sell(launch)
    assert len(stand.record.attempts("exit", "included")) == 1
    assert never_sent(stand)


async def test_shadow_decides_and_sends_nothing(stand: Stand) -> None:
    stand.document["mode"] = "shadow"
    await stand.start()
    assert "SHADOW" in stand.bot.words()
    launch = stand.market.launch()
    asset = launch.asset(stand.chain)
    await stand.until(lambda record: record.all(f.OrderEnded))
    await stand.mine(3)
    assert [fact.allowed for fact in stand.record.all(f.Verdict)][:1] == [True]
    (placed,) = stand.record.all(f.OrderPlaced)[:1]
    assert placed.expected_out == uniswap_v2_out(AMOUNT, LIQUIDITY, SUPPLY * 65 // 100)
    assert {sent.outcome for sent in stand.record.all(Sent)} == {"not-sent"}
    assert all(
        (ended.state, ended.reason) == ("cancelled", "shadow mode: not sent")
        for ended in stand.record.all(f.OrderEnded)
    )
    book = stand.record.books["main"]
    assert book.reserved(f"{stand.chain.chain_id}:{NATIVE}") == 0
    assert asset not in book.positions or not book.positions[asset].amount
    assert never_sent(stand)
    assert stand.differences() == []
