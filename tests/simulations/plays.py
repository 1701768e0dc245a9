"""Scenarios of the tests. In a module of their own, which worker processes can import."""

from sniper.evm.abi import function
from sniper.plugin import Frozen
from sniper.scenario import (
    Called,
    Scenario,
    Trade,
    Trader,
    advance,
    branches,
    buy,
    call,
    code,
    fund,
    mark,
    rewind,
    sell,
    storage,
)

BALANCE_OF = function("balanceOf(address)(uint256)")
TRANSFER = function("transfer(address,uint256)")
OTHER = "0x" + "0b" * 20


class Round(Frozen):
    """A purchase and the sale of what it brought."""

    bought: Trade
    sold: Trade


def round_trip(pool: str, amount: int, who: Trader, blocks: int = 0, seconds: int = 0) -> Scenario[Round]:
    bought = yield from buy(pool, amount, who)
    if blocks:
        yield from advance(blocks=blocks, seconds=seconds)
    sold = yield from sell(pool, bought.received, who)
    return Round(bought=bought, sold=sold)


def in_parts(pool: str, amount: int, who: Trader, parts: int) -> Scenario[tuple[Trade, ...]]:
    bought = yield from buy(pool, amount, who)
    done: tuple[Trade, ...] = (bought,)
    for _ in range(parts):
        done += ((yield from sell(pool, bought.received // parts, who)),)
    return done


def twice_from_one_mark(pool: str, amount: int, who: Trader) -> Scenario[tuple[Trade, ...]]:
    bought = yield from buy(pool, amount, who)
    here = yield from mark()
    yield from advance(blocks=5, seconds=60)
    first = yield from sell(pool, bought.received, who)
    yield from rewind(here)
    second = yield from sell(pool, bought.received, who)
    yield from rewind(here)
    half = yield from sell(pool, bought.received // 2, who)
    return bought, first, second, half


def in_branches(pool: str, amount: int, who: Trader) -> Scenario[tuple[Trade, ...]]:
    """A sale at once, the same later, and again at once when both are undone; one in a branch of a branch."""
    bought = yield from buy(pool, amount, who)
    first, later, deep = yield from branches(
        sell(pool, bought.received, who), _later(pool, bought.received, who), _deeper(pool, bought.received, who)
    )
    again = yield from sell(pool, bought.received, who)
    return first, later, deep, again


def _later(pool: str, amount: int, who: Trader) -> Scenario[Trade]:
    yield from advance(blocks=5, seconds=60)
    return (yield from sell(pool, amount, who))


def _deeper(pool: str, amount: int, who: Trader) -> Scenario[Trade]:
    yield from branches(sell(pool, amount, who))
    return (yield from sell(pool, amount // 2, who))


def looked_around(env: str, token: str, who: Trader) -> Scenario[tuple[bytes, ...]]:
    """What code sees of its surroundings, now and later: ``env`` returns number, time, base fee, gas price, coinbase,
    randao, chain, origin, sender, its balance."""
    yield from fund(who.address, 7)
    first = yield from call(who, env)
    yield from advance(blocks=2, seconds=30)
    second = yield from call(who, env, value=3)
    third = yield from call(who, env, value=5)
    return first.data, second.data, third.reverted.encode(), (yield from code(env))


def bought_and_sent_on(pool: str, token: str, amount: int, who: Trader) -> Scenario[tuple[int, Called, int, int]]:
    bought = yield from buy(pool, amount, who)
    sent = yield from call(who, token, TRANSFER.encode(OTHER, bought.received))
    held = yield from call(OTHER, token, BALANCE_OF.encode(OTHER))
    return bought.received, sent, int.from_bytes(held.data, "big"), (yield from storage(token, 2))


def raises(what: str) -> Scenario[int]:
    yield from mark()
    raise ValueError(what)


def never_ends() -> Scenario[int]:
    while True:
        yield from mark()


def everything(pool: str, amount: int, who: Trader, other: Trader) -> Scenario[tuple[Trade, ...]]:
    """Two buyers, sales at once, in parts, later, and of what another one was sent."""
    bought = yield from buy(pool, amount, who)
    more = yield from buy(pool, 3 * amount, other)
    sales = yield from branches(
        sell(pool, bought.received, who),
        sell(pool, more.received // 3, other),
        _later(pool, bought.received, who),
        _much_later(pool, more.received, other),
    )
    return bought, more, *sales


def _much_later(pool: str, amount: int, who: Trader) -> Scenario[Trade]:
    yield from advance(blocks=10_000, seconds=120_000)
    return (yield from sell(pool, amount, who))


def calls(to: str, gas: int, times: int) -> Scenario[list[Called]]:
    who, done = Trader(address=OTHER), []
    for _ in range(times):
        done += [(yield from call(who, to, gas=gas))]
    return done


def computes_for_ever() -> Scenario[int]:
    yield from mark()
    while True:
        pass


def hoards() -> Scenario[int]:
    yield from mark()
    return len(bytearray(1 << 33))


def destroyed(contract: str, who: str) -> Scenario[tuple[int, int, int, bytes]]:
    """Have a contract destroy itself: bytes of its code before and after, what it then returns, and a word of it."""
    before = yield from code(contract)
    yield from call(who, contract, b"")
    after = yield from code(contract)
    again = yield from call(who, contract, b"")
    word = yield from storage(contract, 1)
    return len(before), len(after), word, again.data
