"""The trials of a token: buy it, hold it, move it, sell it; as different people, for different amounts, at different
moments, and after its owners did what they can."""

from itertools import zip_longest
from typing import Any, Final

from msgspec import structs

from sniper.evm.abi import function
from sniper.evm.keccak import keccak256
from sniper.plugin import Frozen
from sniper.scenario import Scenario, Trade, Trader, advance, branches, buy, call, fund, sell
from sniper_risk_honeypot.functions import Callable, calls

BALANCE_OF = function("balanceOf(address)(uint256)")
ALLOWANCE = function("allowance(address,address)(uint256)")
TRANSFER = function("transfer(address,uint256)")
TRANSFER_FROM = function("transferFrom(address,address,uint256)")
APPROVE = function("approve(address,uint256)")

ETHER: Final = 10**18
LARGEST: Final = 2**256 - 1
"""What a contract can claim: more is no evidence, and has no encoding."""
NOTE: Final = 160
"""Characters of a revert reason that are kept; the token's author chose them."""
WAITS: Final = ((0, 0), (1, 12), (5, 60), (50, 600), (7_200, 86_400))
"""Blocks and seconds between a purchase and its sale."""
MOST_CALLS: Final = 400
"""Of functions that are tried as an owner."""
BLOCK_S: Final = 12
GIVEN: Final = 12_345
"""An allowance, base units."""


class Case(Frozen):
    """What to try.

    pool, token, pair       The pool's id, the addresses of the token and of the pool.
    amount                  Quote asset, base units; ``small`` and ``large``: other amounts to try.
    seed                    What the traders' addresses follow from; secret, else a token could foretell them.
    functions, owners       What is called, and as whom, between a purchase and its sale.
    """

    pool: str
    token: str
    pair: str
    amount: int
    small: int
    large: int
    seed: bytes
    functions: tuple[Callable, ...]
    owners: tuple[str, ...]


class Trial(Frozen):
    """A purchase, and a sale of what it brought.

    paid, returned                      Quote asset, base units: what went out and what came back.
    bought, sold                        Token, base units: what came in and what went out again.
    bought_expected, returned_expected  What the pool's formula promised for ``paid`` and for ``sold``.
    gas                                 Of the sale, approvals included.
    failed, reason                      ``"buy"``, ``"transfer"`` or ``"sell"``: the step that reverted or brought
                                        nothing, and what it said; empty where none did.
    """

    paid: int = 0
    bought: int = 0
    bought_expected: int = 0
    buy_gas: int = 0
    sold: int = 0
    returned: int = 0
    returned_expected: int = 0
    gas: int = 0
    failed: str = ""
    reason: str = ""


class Deed(Frozen):
    """What became of a holder after ``caller`` called ``data`` of the token.

    failed, reason  As in `Trial`, for the holder's sale in the next block. ``tax_bps``: of that sale.
    taken           Token base units that the holder lost without doing anything.
    """

    caller: str
    data: bytes
    failed: str = ""
    reason: str = ""
    tax_bps: int | None = None
    taken: int = 0

    @property
    def harmful(self) -> bool:
        return bool(self.failed or self.taken or self.tax_bps)

    def worse_than(self, other: "Deed") -> bool:
        """Whether it hurt the holder in a way, or as much, as the other one did not."""
        stops = bool(self.failed) and not other.failed
        taxes = not other.failed and (self.tax_bps or 0) > (other.tax_bps or 0)
        return stops or taxes or self.taken > other.taken


class Moved(Frozen):
    """A transfer between two wallets: what left, what arrived, token base units; and whether the token keeps books.

    keeps_allowances  Nobody can take what he was not allowed to, and an allowance reads back as it was given.
    """

    sent: int = 0
    left: int = 0
    arrived: int = 0
    reason: str = ""
    keeps_allowances: bool = True


class Trials(Frozen):
    """All of them, on what was bought.

    after       Sales of all of it after each of `WAITS`.
    in_parts    A quarter in each of four blocks; ``crowd``: the worst of several who bought together.
    again       Sold in part, bought again, and sold.
    moved       A transfer, and by ``another`` the sale of what it brought.
    deeds       Those deeds of owners that hurt a holder, of ``deeds_done`` calls that went through.
    untried     Calls of owners for which there was no room.
    """

    bought: Trial
    after: tuple[Trial, ...] = ()
    in_parts: Trial = Trial()
    crowd: Trial = Trial()
    contract: Trial = Trial()
    rich: Trial = Trial()
    small: Trial = Trial()
    large: Trial = Trial()
    again: Trial = Trial()
    moved: Moved = Moved()
    another: Trial = Trial()
    deeds: tuple[Deed, ...] = ()
    deeds_done: int = 0
    untried: int = 0

    @property
    def sold(self) -> Trial | None:
        """The first sale that worked, of those in a later block where one did."""
        return next((trial for trial in (*self.after[1:], *self.after[:1]) if not trial.failed), None)


def play(case: Case) -> Scenario[Trials]:
    """Try it all. Where it cannot be bought there is only the purchase.

    All branches part at once: a node far away plays them at the same time, and the longest says how long it takes.
    """
    who = Traders(case.seed)
    holder = who.fresh()
    (first,) = yield from branches(_bought(case, case.amount, holder))
    if first.failed:
        return Trials(bought=first)
    found: list[Any] = yield from branches(
        _round_trip(case, case.amount, who.fresh(contract=True)),
        _round_trip(case, case.amount, who.fresh(), wealth=1_000 * ETHER),
        _round_trip(case, case.small, who.fresh()),
        _round_trip(case, case.large, who.fresh()),
        _again(case, who.fresh()),
        _in_a_crowd(case, [who.fresh() for _ in range(3)]),
        _held(case, holder, who.fresh(), who.fresh(), who.fresh()),
    )
    *others, held = found
    names = ("contract", "rich", "small", "large", "again", "crowd")
    whole: Trials = structs.replace(held, **dict(zip(names, others, strict=True)))
    return whole


def _held(case: Case, holder: Trader, friend: Trader, thief: Trader, stranger: Trader) -> Scenario[Trials]:
    """What becomes of what somebody holds: without the trials of others."""
    first = yield from _bought(case, case.amount, holder)
    found: list[Any] = yield from branches(
        *(_sold_after(case, first, holder, blocks, seconds) for blocks, seconds in WAITS),
        _in_parts(case, first, holder),
        _moved(case, first, holder, friend, thief),
        _deeds(case, first, holder, stranger),
    )
    *after, in_parts, (moved, another), (deeds, done, untried) = found
    return Trials(
        bought=first,
        after=tuple(after),
        in_parts=in_parts,
        moved=moved,
        another=another,
        deeds=deeds,
        deeds_done=done,
        untried=untried,
    )


class Traders:
    """Addresses that follow from the seed, which no token knows."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._count = 0

    def fresh(self, *, contract: bool = False) -> Trader:
        address = self._next()
        return Trader(address=address, origin=self._next()) if contract else Trader(address=address)

    def _next(self) -> str:
        self._count += 1
        return "0x" + keccak256(self._seed + self._count.to_bytes(4, "big")).hex()[-40:]


def _round_trip(case: Case, amount: int, trader: Trader, *, wealth: int = 0) -> Scenario[Trial]:
    """Buy, and sell all of it in the next block."""
    if wealth:
        yield from fund(trader.address, wealth)
    bought = yield from _bought(case, amount, trader)
    if bought.failed:
        return bought
    yield from advance(blocks=1, seconds=BLOCK_S)
    return _sale(bought, (yield from sell(case.pool, bought.bought, trader)))


def _again(case: Case, trader: Trader) -> Scenario[Trial]:
    """Buy, sell a tenth, buy again, and sell all in the next block."""
    first = yield from _bought(case, case.amount, trader)
    if first.failed:
        return first
    yield from advance(blocks=1, seconds=BLOCK_S)
    part = first.bought // 10
    if part:
        sold = _sale(first, (yield from sell(case.pool, part, trader)))
        if sold.failed:
            return sold
    second = yield from _bought(case, case.amount, trader)
    if second.failed:
        return second
    yield from advance(blocks=1, seconds=BLOCK_S)
    return _sale(second, (yield from sell(case.pool, first.bought - part + second.bought, trader)))


def _in_a_crowd(case: Case, crowd: list[Trader]) -> Scenario[Trial]:
    """Several buy in one block and sell in the next; the first that fails to sell, or the last."""
    bought = []
    for trader in crowd:
        bought.append((yield from _bought(case, case.amount, trader)))  # noqa: PERF401
    yield from advance(blocks=1, seconds=BLOCK_S)
    sold = bought[0]
    for trader, purchase in zip(crowd, bought, strict=True):
        if purchase.failed:
            continue
        sold = _sale(purchase, (yield from sell(case.pool, purchase.bought, trader)))
        if sold.failed:
            break
    return sold


def _sold_after(case: Case, first: Trial, holder: Trader, blocks: int, seconds: int) -> Scenario[Trial]:
    if blocks:
        yield from advance(blocks=blocks, seconds=seconds)
    return _sale(first, (yield from sell(case.pool, first.bought, holder)))


def _in_parts(case: Case, first: Trial, holder: Trader) -> Scenario[Trial]:
    """Sell a quarter in each of four blocks."""
    done = first
    quarter = first.bought // 4
    for part in (quarter, quarter, quarter, first.bought - 3 * quarter):
        yield from advance(blocks=1, seconds=BLOCK_S)
        if part == 0:
            continue
        sold = _sale(first, (yield from sell(case.pool, part, holder)))
        done = structs.replace(  # type: ignore[type-var]  # a msgspec struct
            sold,
            sold=done.sold + sold.sold,
            returned=done.returned + sold.returned,
            returned_expected=done.returned_expected + sold.returned_expected,
            gas=max(done.gas, sold.gas),
        )
        if sold.failed:
            break
    return done


def _moved(case: Case, first: Trial, holder: Trader, friend: Trader, thief: Trader) -> Scenario[tuple[Moved, Trial]]:
    """Give half to somebody, who sells it; and look whether others can take what is not theirs."""
    yield from advance(blocks=1, seconds=BLOCK_S)
    honest = yield from _keeps_allowances(case, holder, thief)
    before = yield from balance(case.token, holder.address)
    half = first.bought // 2 or 1
    done = yield from call(holder, case.token, TRANSFER.encode(friend.address, half))
    left = before - (yield from balance(case.token, holder.address))
    arrived = yield from balance(case.token, friend.address)
    moved = Moved(sent=half, left=max(0, left), arrived=arrived, reason=_text(done.reverted), keeps_allowances=honest)
    if done.reverted or arrived == 0:
        failed = Trial(failed="transfer", reason=_text(done.reverted))
        return moved, failed
    yield from advance(blocks=1, seconds=BLOCK_S)
    sold = yield from sell(case.pool, arrived, friend)
    return moved, _sale(first, sold)


def _keeps_allowances(case: Case, holder: Trader, thief: Trader) -> Scenario[bool]:
    kept, reads_back = yield from branches(_resists(case, holder, thief), _reads_back(case, holder, thief))
    return kept and reads_back


def _resists(case: Case, holder: Trader, thief: Trader) -> Scenario[bool]:
    """Whether nobody can take what he was not allowed to."""
    before = yield from balance(case.token, holder.address)
    yield from call(thief, case.token, TRANSFER_FROM.encode(holder.address, thief.address, before or 1))
    return (yield from balance(case.token, holder.address)) >= before


def _reads_back(case: Case, holder: Trader, thief: Trader) -> Scenario[bool]:
    """Whether an allowance is what was given, as far as it can be given and read."""
    given = yield from call(holder, case.token, APPROVE.encode(thief.address, GIVEN))
    read = yield from call(holder, case.token, ALLOWANCE.encode(holder.address, thief.address))
    return bool(given.reverted) or bool(read.reverted) or int.from_bytes(read.data[:32], "big") == GIVEN


def _deeds(case: Case, first: Trial, holder: Trader, stranger: Trader) -> Scenario[tuple[tuple[Deed, ...], int, int]]:
    """Have each owner call each function, and then all that went through together; and look how the holder fares."""
    attempts = _attempts(case, holder)
    tried = attempts[:MOST_CALLS]
    found = yield from branches(*(_deed(case, first, holder, stranger, *each) for each in tried))
    alone = [deed for deed in found if deed is not None]
    together = []
    for caller in case.owners:
        data = [deed.data for deed in alone if deed.caller == caller]
        if len(data) > 1:
            together += yield from branches(_together(case, first, holder, caller, data))
    harmful = tuple(deed for deed in (*alone, *together) if deed.harmful)
    return harmful, len(alone), len(attempts) - len(tried)


def _deed(
    case: Case, first: Trial, holder: Trader, stranger: Trader, caller: str, data: bytes
) -> Scenario[Deed | None]:
    """None where it reverts, and where it does no more than when anybody does it: that is no power of an owner."""
    # Most revert, so that is asked first.
    (done,) = yield from branches(call(caller, case.token, data))
    if done.reverted:
        return None
    (anybody,) = yield from branches(call(stranger, case.token, data))
    (deed,) = yield from branches(_done(case, first, holder, caller, data))
    if anybody.reverted:
        return deed
    # A guard may return in silence, and then nothing but what became of the holder tells who has the power.
    if deed.harmful:
        (theirs,) = yield from branches(_done(case, first, holder, stranger.address, data))
        if deed.worse_than(theirs):
            return deed
    return None


def _done(case: Case, first: Trial, holder: Trader, caller: str, data: bytes) -> Scenario[Deed]:
    yield from call(caller, case.token, data)
    return (yield from _after(case, first, holder, caller, data))


def _together(case: Case, first: Trial, holder: Trader, caller: str, data: list[bytes]) -> Scenario[Deed]:
    for each in data:
        yield from call(caller, case.token, each)
    return (yield from _after(case, first, holder, caller, b""))


def _attempts(case: Case, holder: Trader) -> list[tuple[str, bytes]]:
    """Each function once as each owner, before any with other arguments: where not all can be tried, none is hidden
    behind many others."""
    people = (holder.address, case.pair, *case.owners[:1])
    turns = zip_longest(*(calls(what, people) for what in case.functions))
    return [(caller, data) for turn in turns for data in turn if data is not None for caller in case.owners]


def _after(case: Case, first: Trial, holder: Trader, caller: str, data: bytes) -> Scenario[Deed]:
    """The holder's sale in the next block."""
    left = yield from balance(case.token, holder.address)
    yield from advance(blocks=1, seconds=BLOCK_S)
    sold = _sale(first, (yield from sell(case.pool, min(left, first.bought) or 1, holder)))
    return Deed(
        caller=caller,
        data=data,
        failed=sold.failed,
        reason=sold.reason,
        tax_bps=None if sold.failed else missing_bps(sold.returned_expected, sold.returned),
        taken=max(0, first.bought - left),
    )


def balance(token: str, owner: str) -> Scenario[int]:
    """What a token says that somebody has, within what has a meaning."""
    read = yield from call(owner, token, BALANCE_OF.encode(owner))
    return int.from_bytes(read.data, "big") if not read.reverted and len(read.data) == 32 else 0


def missing_bps(promised: int, delivered: int) -> int | None:
    """Share of ``promised`` that is missing, bps, rounded up. None where nothing was promised: that tells of no tax."""
    if promised <= 0:
        return None
    return max(0, -((delivered - promised) * 10_000 // promised))


def _bought(case: Case, amount: int, trader: Trader) -> Scenario[Trial]:
    trade = yield from buy(case.pool, amount, trader)
    reason, paid = _text(trade.reverted), _bounded(trade.paid)
    bought = 0 if reason else _bounded(trade.received)
    return Trial(
        paid=paid,
        bought=bought,
        bought_expected=_bounded(trade.expected),
        buy_gas=_bounded(trade.gas_used),
        failed="" if paid and bought else "buy",
        reason=reason,
    )


def _sale(bought: Trial, trade: Trade) -> Trial:
    reason = _text(trade.reverted)
    returned = 0 if reason else _bounded(trade.received)
    return Trial(
        paid=bought.paid,
        bought=bought.bought,
        bought_expected=bought.bought_expected,
        buy_gas=bought.buy_gas,
        sold=_bounded(trade.paid),
        returned=returned,
        returned_expected=_bounded(trade.expected),
        gas=_bounded(trade.gas_used),
        failed="" if returned else "sell",
        reason=reason,
    )


def _text(reason: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in reason[:NOTE])


def _bounded(amount: int) -> int:
    return min(max(amount, 0), LARGEST)
