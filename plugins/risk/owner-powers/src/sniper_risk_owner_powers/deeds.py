"""Powers, carried out: on a copy of the chain, who has a power calls its function with what usually does it, and what
the power claims is looked for. What is seen is confirmed; what is not seen proves nothing."""

from collections.abc import Callable as Function
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

from sniper.evm.abi import function
from sniper.evm.keccak import keccak256
from sniper.evm.proxies import IMPLEMENTATION_SLOT
from sniper.evm.surface import Callable, calldata
from sniper.plugin import Frozen
from sniper.scenario import Scenario, Trader, advance, branches, buy, call, code, sell, storage
from sniper.types import NATIVE

BALANCE_OF = function("balanceOf(address)(uint256)")
ALLOWANCE = function("allowance(address,address)(uint256)")
TOTAL_SUPPLY = function("totalSupply()(uint256)")
TRANSFER = function("transfer(address,uint256)")
TRANSFER_FROM = function("transferFrom(address,address,uint256)")
APPROVE = function("approve(address,uint256)")
OWNERS = tuple(function(f"{name}()") for name in ("owner", "getOwner", "admin"))
DIAMOND_CUT = function("diamondCut((address,uint8,bytes4[])[],address,bytes)")

MOST_TRIES: Final = 12
"""Calls for one power."""
MOST_EFFECTS: Final = 4
"""Of those that go through, how many are looked at for what they did."""
HELD: Final = -1
"""Stands for what the holder has."""
WAIT_BLOCKS: Final = 5
WAIT_S: Final = 60
"""Between the purchase and what is tried: an ordinary cooldown is over by then."""
NOTICED_BPS: Final = 10
"""By so much a tax must rise: less may be rounding."""
LARGE: Final = 2**255
NOTE: Final = 160
"""Characters of what a token says when it reverts; its author chose them."""

CREATOR: Final = "0x4e59b44847b379578588920ca78fbf26c0b4956c"
"""Creates contracts for anybody, by salt and creation code: at this address on nearly every chain (Arachnid's
deterministic deployment proxy)."""
_ANSWER: Final = IMPLEMENTATION_SLOT
"""What code that is put in another's place returns to every call. As EIP-1822 wants it of an implementation."""
_MARK: Final = int.from_bytes(keccak256(b"sniper.owner-powers.mark"), "big")
"""A slot that no contract uses."""
_ANSWERS: Final = b"\x7f" + _ANSWER.to_bytes(32, "big") + bytes.fromhex("60005260206000f3")
"""PUSH32, MSTORE, RETURN."""
_WRITES: Final = b"\x60\x01\x7f" + _MARK.to_bytes(32, "big") + bytes.fromhex("55600160005260206000f3")
"""SSTORE, MSTORE, RETURN of one."""


class Claim(Frozen):
    """A power that is to be shown.

    number     Of the power in the report.
    to         Whose functions are called: the token, or a beacon.
    callers    As whom; where it is not ``guarded`` as a stranger, too.
    """

    number: int
    power: str
    to: str
    callers: tuple[str, ...]
    guarded: bool
    functions: tuple[Callable, ...]


class Case(Frozen):
    """pool, token, pair, quote  The pool's id; addresses of the token, the pool and what is paid with.
    amount  Of the quote asset, for a holder to buy with, base units.
    seed    What the addresses of holders follow from; secret, else a token could foretell them.
    """

    pool: str
    token: str
    pair: str
    quote: str
    amount: int
    seed: bytes
    claims: tuple[Claim, ...]


class Outcome(Frozen):
    """What came of a claim: of ``tried`` calls one by ``caller`` had the ``effect``, in words; empty where none had.

    left_out  Calls for which there was no room.
    """

    number: int
    tried: int
    left_out: int = 0
    caller: str = ""
    to: str = ""
    data: bytes = b""
    effect: str = ""


class Passage(NamedTuple):
    """What became of tokens that were sent: why it reverted; share that did not arrive, bps."""

    reason: str
    lost_bps: int

    @property
    def works(self) -> bool:
        return self.lost_bps < 10_000


class Scene(NamedTuple):
    """Who is there: one who holds ``held`` of the token, a friend who may spend of it, and strangers; contracts of our
    own: one that answers every call, one that writes. ``usual``: how passages of the holder's go."""

    case: Case
    holder: Trader
    friend: Trader
    stranger: Trader
    answers: str
    writes: str
    held: int
    usual: tuple[Passage, ...] = ()


Words = tuple[int, ...]
Effect = Function[[Scene, str, Words], Scenario[str]]
"""From the caller, and what was watched before the call, to what it did; empty where it did not do what is claimed."""


class Way(NamedTuple):
    """How a power is tried: with which numbers (None: somebody's address), for whom in turn; what is watched, and what
    shows it."""

    numbers: tuple[int | None, ...]
    people: Function[[Scene, str], tuple[tuple[str, ...], ...]]
    watched: Function[[Scene, str], tuple[tuple[str, bytes], ...]]
    effect: Effect


def carry_out(case: Case) -> Scenario[tuple[Outcome, ...]]:
    """One outcome for each claim. All claims part at once: a node far away plays them at the same time."""
    holder, friend, stranger = (Trader(address=_address(case.seed, number)) for number in range(3))
    held = yield from _holding(case, holder)
    answers = yield from _created(case, _ANSWERS)
    writes = yield from _created(case, _WRITES)
    yield from advance(blocks=WAIT_BLOCKS, seconds=WAIT_S)
    scene = Scene(case, holder, friend, stranger, answers, writes, held)
    usual = yield from branches(*(passage(scene) for passage, _ in PASSAGES))
    scene = scene._replace(usual=tuple(usual))
    found = yield from branches(*(_shown(scene, claim) for claim in case.claims))
    return tuple(found)


def _holding(case: Case, holder: Trader) -> Scenario[int]:
    """Bought; where nothing can be bought yet, sent by the pool."""
    bought = yield from buy(case.pool, case.amount, holder)
    if bought.reverted or not bought.received:
        some = (yield from _word(case.token, BALANCE_OF.encode(case.pair))) // 1_000
        yield from call(case.pair, case.token, TRANSFER.encode(holder.address, some))
    return (yield from _word(case.token, BALANCE_OF.encode(holder.address)))


def _created(case: Case, runtime: bytes) -> Scenario[str]:
    """A contract with that code; where it cannot be made, the pool, which is a contract as well."""
    creation = bytes.fromhex(f"60{len(runtime):02x}80600b6000396000f3") + runtime
    done = yield from call(case.pair, CREATOR, case.seed.ljust(32, b"\0")[:32] + creation)
    address = "0x" + done.data.hex()
    if done.reverted or len(done.data) != 20 or (yield from code(address)) != runtime:
        return case.pair
    return address


def _shown(scene: Scene, claim: Claim) -> Scenario[Outcome]:
    way = WAYS[claim.power]
    every = list(dict.fromkeys(_attempts(scene, claim, way)))
    tries = every[:MOST_TRIES]
    left_out = len(every) - len(tries)
    # Most revert, so that is asked first, and of all at once.
    done = yield from branches(*(call(caller, claim.to, data) for caller, data in tries))
    passed = [each for each, called in zip(tries, done, strict=True) if not called.reverted]
    for caller, data in passed[:MOST_EFFECTS]:
        (effect,) = yield from branches(_done(scene, claim, way, caller, data))
        if effect:
            tried = len(tries)
            return Outcome(
                number=claim.number,
                tried=tried,
                left_out=left_out,
                caller=caller,
                to=claim.to,
                data=data,
                effect=effect,
            )
    unseen = left_out + len(passed[MOST_EFFECTS:])
    return Outcome(number=claim.number, tried=len(tries) - len(passed[MOST_EFFECTS:]), left_out=unseen)


def _attempts(scene: Scene, claim: Claim, way: Way) -> Iterator[tuple[str, bytes]]:
    # The pool moves its own tokens; that is what it is for.
    callers = [each for each in claim.callers if each != scene.case.pair]
    callers += [] if claim.guarded else [scene.stranger.address]
    for yes, number in product((True, False), way.numbers):
        for caller, what in product(callers, claim.functions):
            for people in way.people(scene, caller):
                data = calldata(what, people, scene.held if number == HELD else number, yes=yes)
                if data is not None:
                    yield caller, data
            if what.selector == DIAMOND_CUT.selector:
                yield caller, DIAMOND_CUT.encode([(scene.answers, 1, [BALANCE_OF.selector])], NATIVE, b"")


def _done(scene: Scene, claim: Claim, way: Way, caller: str, data: bytes) -> Scenario[str]:
    watched = way.watched(scene, caller)
    before = yield from _words(watched)
    done = yield from call(caller, claim.to, data)
    if done.reverted:
        return ""
    return (yield from way.effect(scene, caller, before))


# ---- what is watched, and what it shows ----


def _made_more(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    after = yield from _words(_wealth(scene, caller))
    if after[0] > before[0]:
        return f"the total supply goes from {before[0]} to {after[0]}"
    if sum(after[1:]) > sum(before[1:]):
        return f"balances grow by {sum(after[1:]) - sum(before[1:])}, and the total supply does not"
    return ""


def _wealth(scene: Scene, caller: str) -> tuple[tuple[str, bytes], ...]:
    token = scene.case.token
    people = dict.fromkeys((caller, scene.holder.address, scene.case.pair, token))
    return ((token, TOTAL_SUPPLY.encode()), *((token, BALANCE_OF.encode(who)) for who in people))


def _took(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    after = yield from _words(_takeable(scene, caller))
    for who, was, now in zip(("a holder", "the pool"), before, after, strict=False):
        if now < was:
            return f"the balance of {who} goes from {was} to {now}"
    if after[2] > before[2]:
        return f"may spend {after[2]} of what a holder has, who allowed nothing"
    return ""


def _takeable(scene: Scene, caller: str) -> tuple[tuple[str, bytes], ...]:
    token, holder = scene.case.token, scene.holder.address
    return (
        (token, BALANCE_OF.encode(holder)),
        (token, BALANCE_OF.encode(scene.case.pair)),
        (token, ALLOWANCE.encode(holder, caller)),
    )


def _drained(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    after = yield from _words(_liquidity(scene, caller))
    names = "the pool's quote coins go", "the pool's tokens go", "the pool's shares that the token holds go"
    for name, was, now in zip(names, before, after, strict=True):
        if now < was:
            return f"{name} from {was} to {now}"
    return ""


def _liquidity(scene: Scene, caller: str) -> tuple[tuple[str, bytes], ...]:
    case = scene.case
    return (
        (case.quote, BALANCE_OF.encode(case.pair)),
        (case.token, BALANCE_OF.encode(case.pair)),
        (case.pair, BALANCE_OF.encode(case.token)),
    )


def _owned(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    after = yield from _words(_owners(scene, caller))
    for asked, was, now in zip(OWNERS, before, after, strict=True):
        if now not in (was, 0):
            return f"{asked.signature} names 0x{now:040x}, before 0x{was:040x}"
    return ""


def _owners(scene: Scene, caller: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((scene.case.token, asked.encode()) for asked in OWNERS)


def _replaced(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    (after,) = yield from _words(_answer(scene, caller))
    changed = after == _ANSWER != before[0]
    return f"calls of the token run the code at {scene.answers}, which was put in" if changed else ""


def _answer(scene: Scene, caller: str) -> tuple[tuple[str, bytes], ...]:
    return ((scene.case.token, BALANCE_OF.encode(scene.friend.address)),)


def _wrote(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    token = scene.case.token
    if (yield from storage(token, _MARK)):
        return f"the code at {scene.writes} wrote into the token's storage"
    yield from _transferred(scene)
    if (yield from storage(token, _MARK)):
        return f"with the next transfer the code at {scene.writes} wrote into the token's storage"
    return ""


def _ended(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    return "" if (yield from code(scene.case.token)) else "the token's code is gone"


def _nothing(scene: Scene, caller: str) -> tuple[tuple[str, bytes], ...]:
    return ()


def _stopped(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    for (passage, name), usual in zip(PASSAGES, scene.usual, strict=True):
        if usual.works:
            (now,) = yield from branches(passage(scene))
            if not now.works:
                return f"{name} reverts: {now.reason}" if now.reason else f"{name} brings nothing"
    return ""


def _taxed(scene: Scene, caller: str, before: Words) -> Scenario[str]:
    for (passage, name), usual in zip(PASSAGES, scene.usual, strict=True):
        if usual.works:
            (now,) = yield from branches(passage(scene))
            if not now.reason and now.lost_bps >= usual.lost_bps + NOTICED_BPS:
                return f"{name} loses {now.lost_bps} bps, before {usual.lost_bps}"
    return ""


# ---- how a holder's tokens pass ----


def _transferred(scene: Scene) -> Scenario[Passage]:
    amount, friend = scene.held // 4, scene.friend.address
    before = yield from _word(scene.case.token, BALANCE_OF.encode(friend))
    done = yield from call(scene.holder, scene.case.token, TRANSFER.encode(friend, amount))
    after = yield from _word(scene.case.token, BALANCE_OF.encode(friend))
    return _passage(done.reverted, after - before, amount)


def _spent(scene: Scene) -> Scenario[Passage]:
    """By somebody who was allowed to, as a router is."""
    amount, to = scene.held // 4, scene.stranger.address
    yield from call(scene.holder, scene.case.token, APPROVE.encode(scene.friend.address, amount))
    before = yield from _word(scene.case.token, BALANCE_OF.encode(to))
    data = TRANSFER_FROM.encode(scene.holder.address, to, amount)
    done = yield from call(scene.friend, scene.case.token, data)
    after = yield from _word(scene.case.token, BALANCE_OF.encode(to))
    return _passage(done.reverted, after - before, amount)


def _sold(scene: Scene) -> Scenario[Passage]:
    done = yield from sell(scene.case.pool, scene.held // 4, scene.holder)
    return _passage(done.reverted, done.received, done.expected)


PASSAGES: Final = ((_transferred, "a holder's transfer"), (_sold, "a holder's sale"), (_spent, "a spender's transfer"))


def _passage(reverted: str, arrived: int, promised: int) -> Passage:
    reason = "".join(char if char.isprintable() else "?" for char in reverted[:NOTE])
    if reason or arrived <= 0 or promised <= 0:
        return Passage(reason, 10_000)
    # Rounded down: what brings anything at all works.
    return Passage("", max(0, (promised - arrived) * 10_000 // promised))


# ---- reading ----


def _words(reads: Sequence[tuple[str, bytes]]) -> Scenario[Words]:
    found = yield from branches(*(_word(to, data) for to, data in reads))
    return tuple(found)


def _word(to: str, data: bytes) -> Scenario[int]:
    """What a contract says; 0 where it says nothing, or garbage."""
    done = yield from call(NATIVE, to, data)
    return int.from_bytes(done.data, "big") if not done.reverted and len(done.data) == 32 else 0


def _address(seed: bytes, number: int) -> str:
    return "0x" + keccak256(seed + number.to_bytes(4, "big")).hex()[-40:]


# ---- by power ----


def _victims(scene: Scene, caller: str) -> tuple[tuple[str, ...], ...]:
    """In pairs: where two are asked for, the second is a contract that knows nothing of tokens' hooks, or nobody's."""
    holder, friend, pair = scene.holder.address, scene.friend.address, scene.case.pair
    return (holder, pair), (friend, pair), (pair, holder)


def _prey(scene: Scene, caller: str) -> tuple[tuple[str, ...], ...]:
    return (scene.holder.address, caller), (scene.case.pair, caller)


def _receivers(scene: Scene, caller: str) -> tuple[tuple[str, ...], ...]:
    return (caller,), (scene.holder.address,)


def _pools(scene: Scene, caller: str) -> tuple[tuple[str, ...], ...]:
    return (scene.case.pair, caller), (caller, scene.case.pair)


_STOPS: Final = Way((None, 0, 1, LARGE), _victims, _nothing, _stopped)
_TAXES: Final = (100, 10_000, 99, 9_900, 25, 2_500, 10, 1_000, 5, 500)
"""All, nearly all, and what is still allowed where more is not; in percent and in bps."""

WAYS: Final[dict[str, Way]] = {
    "mint": Way((HELD, 1, LARGE), _receivers, _wealth, _made_more),
    "burn": Way((HELD, 1, 0, LARGE), _prey, _takeable, _took),
    "leak": Way((HELD, LARGE, 1), _prey, _takeable, _took),
    "freeze": _STOPS,
    "pause": _STOPS,
    "limit": _STOPS._replace(numbers=(0, 1, LARGE)),
    "sell-block": _STOPS,
    "tax": Way(_TAXES, _receivers, _nothing, _taxed),
    "upgrade": Way((1,), lambda scene, caller: ((scene.answers, caller),), _answer, _replaced),
    "take-liquidity": Way((HELD, 1, 0), _pools, _liquidity, _drained),
    "kept-role": Way((1, 0), _receivers, _owners, _owned),
    "self-destruct": Way((1,), _receivers, _nothing, _ended),
    "delegatecall": Way((1, 0), lambda scene, caller: ((scene.writes, caller),), _nothing, _wrote),
}
"""Powers that can be shown. What a contract holds of its own (``take-tokens``, ``take-ether``) is left to the code."""
