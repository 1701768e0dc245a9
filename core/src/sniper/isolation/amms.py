"""AMMs that run in workers: a class for the kernel whose prices come from elsewhere.

One worker prices all pools of a section; each call says the pool's state where the worker does not have it. What it
answered while an event was handled is on record under the market. Where there is no answer, there is no price.
"""

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any, ClassVar, Final, Self, TypeVar

from sniper.amm import Amm, Chain, Change, Found, NoLiquidity, Unpriced, on_creation, on_log
from sniper.errors import PluginFault
from sniper.evm.abi import event
from sniper.isolation.asking import Desk, Occasion, converse
from sniper.isolation.broker import ChainReads, errand
from sniper.isolation.describing import Housed, place_of, traits_of
from sniper.isolation.far_config import FarConfig
from sniper.isolation.host import Worker
from sniper.isolation.messages import MOST_KEPT
from sniper.isolation.packing import pack, unpack
from sniper.isolation.place import WITHIN_S
from sniper.isolation.serving import BadQuestion
from sniper.isolation.strategies import far_plugin
from sniper.isolation.told import ERRORS, kind_of
from sniper.kernel.elsewhere import MARKET, deciding
from sniper.specs import Spec

T = TypeVar("T")

_MOST: Final = 2**256 - 1
_LONGEST_ID: Final = 100
_MOST_COINS: Final = 16
_LOAD_S: Final = 10.0
"""Seconds that a worker may compute for one reading."""

MOST_RECENT: Final = 64
"""Answers that are remembered of one pool."""
_ANSWERED, _REFUSED = b"\0", b"\1"

_numbers = itertools.count(1)


def far_amm(environment: Housed, spec: Spec[Any], *, within_s: float = WITHIN_S) -> type[Amm]:
    """An AMM that the kernel asks like any other, for trades of one leg, and whose code runs in a worker.

    Raises `PluginError` where the plugin cannot be described, and `IsolationError`.
    """
    traits = traits_of(environment, spec)
    more: dict[str, Any] = {
        "singleton": bool(traits["singleton"]),
        "swap_gas": int(traits["swap_gas"]),
        "deadline_s": int(traits["deadline_s"]),
        "desks": {},
        "has_follows": bool(traits.get("follows", True)),
    }
    for each in traits["logs"]:
        signature = _signature(each["signature"])
        more[f"handles_{each['method']}"] = on_log(signature, of=str(each["of"]))(_on_log(str(each["method"])))
    for each in traits["creations"]:
        made = on_creation(_signature(each["signature"]))(_on_creation(str(each["method"])))
        more[f"handles_{each['method']}"] = classmethod(made)
    if traits["on_block"]:
        more["on_block"] = _on_block
    if traits["outdated"]:
        more["outdated"] = _outdated
    if traits["pool_of"]:
        more["pool_of"] = classmethod(_pool_of)
    cls: type[Amm] = far_plugin(FarAmm, environment, spec, within_s, more)
    return cls


class FarAmm(Amm):
    """See `sniper.amm.Amm`; `far_amm` makes a class of it for each plugin.

    kept      The pool's state, as the worker wrote it. ``number``: under which the worker knows the pool.
    recent    Questions since it changed, with their answers. They are state: the kernel, too, remembers a price until a
              pool changes, and who begins with a snapshot does not and asks again.
    followed  See `follows`; None: it was not asked.
    """

    alone = True
    derived = ("number",)
    environment: ClassVar[Housed]
    factory: ClassVar[str]
    who: ClassVar[str]
    within_s: ClassVar[float]
    desks: ClassVar[dict[int, Desk]] = {}
    has_follows: ClassVar[bool] = True
    config: FarConfig
    kept: bytes = b""
    number: Any = None
    recent: list[tuple[bytes, bytes]] = []
    followed: list[tuple[str, str]] | None = None

    # ---- the worker ----

    def keep(self, kept: bytes) -> None:
        """Its state, after a call."""
        if kept != self.kept:
            self.kept = kept
            self.recent = []

    def desk(self, account: str) -> Desk:
        """The worker of its section."""
        return self.desk_of(self.config)

    @classmethod
    def desk_of(cls, config: FarConfig) -> Desk:
        """The worker of a section. The first time it is waited for, as long as its start may take."""
        found = cls.desks.get(id(config))
        if found is None:
            found = cls.hire(config)
            found.worker.wait()
        return found

    @classmethod
    def hire(cls, config: FarConfig) -> Desk:
        """Let the worker of a section begin to start; it is the one that there is, where there is one."""
        found = cls.desks.get(id(config))
        if found is None:
            found = cls.desks[id(config)] = Desk(cls.environment, cls.factory, config, MARKET, cls.within_s)
        return found

    @classmethod
    def staff(cls) -> tuple[Desk, ...]:
        """The workers that it has."""
        return tuple(cls.desks.values())

    def ask(self, method: str, read: Callable[[Any], T], *given: Any, form: str = "changes") -> T:
        """Call a method of the pool. Raises what it raises, and `WorkerLost` where there is no answer."""
        if self.number is None:
            self.number = next(_numbers)
        answers = list(converse(self, _occasion(), form, method, pack(*given), _one(read), which=self.number))
        if len(answers) != 1:
            raise PluginFault(f"{self.who}: {method} gave {len(answers)} values")
        return answers[0]

    def priced(self, method: str, read: Callable[[Any], T], *given: Any) -> T:
        """The same, of a method that changes nothing, remembered until the state changes. Raises `Unpriced` where
        there is no answer, which is not remembered."""
        question = pack(method, *given)
        for known, told in self.recent:
            if known == question:
                return _recalled(told, read)
        try:
            told = _ANSWERED + self.ask(method, _whole, *given, form="asks")
        except NoLiquidity as error:
            told = _REFUSED + pack(kind_of(error), str(error))
        except PluginFault as error:  # no answer, or its code raised what no contract knows
            raise Unpriced(f"{self.who}: {error}") from error
        if deciding() is not None:  # else nobody could say later that it was asked
            self.recent = [*self.recent[-MOST_RECENT + 1 :], (question, told)]
        return _recalled(told, read)

    # ---- the contract ----

    @classmethod
    async def load(cls, address: str, chain: Chain, config: Any) -> Found[Self]:
        worker = Worker(place_of(cls.environment), cls.factory, config.given, MARKET, within_s=_LOAD_S)
        try:
            given = pack(address, chain.block)
            found = await errand(worker, "loaded", given, cls.reader(config), ChainReads(chain))
        finally:
            worker.close()
        if found is None:
            raise PluginFault(f"{cls.who} read nothing of pool {address}")
        return found

    @classmethod
    def reader(cls, config: FarConfig) -> "Callable[[bytes], Found[Self] | None]":
        """Reads a pool that was found."""

        def read(data: bytes) -> "Found[Self] | None":
            (value,) = unpack(data)
            if value is None:
                return None
            pool, coins, state = value
            texts = [pool, *coins]
            if any(type(each) is not str or not 0 < len(each) <= _LONGEST_ID or not each.isalnum() for each in texts):
                raise PluginFault(f"it found the pool {value!r:.200}; a pool and its coins are addresses")
            if len(coins) > _MOST_COINS or not (state is None or type(state) is bytes) or len(state or b"") > MOST_KEPT:
                raise PluginFault(f"it found a pool of {len(coins)} coins, or one whose state is too large")
            amm = None if state is None else cls(config=config, kept=state)
            return Found(pool=pool, coins=tuple(coins), amm=amm)

        return read

    def follows(self) -> dict[str, str]:
        if not self.has_follows:
            return {}
        if self.followed is None:
            self.followed = sorted(self.ask("follows", _pairs, form="asks").items())
        return dict(self.followed)

    def amount_out(self, i: int, j: int, amount_in: int) -> int:
        return self.priced("amount_out", _amount, i, j, amount_in)

    def amount_in(self, i: int, j: int, amount_out: int) -> int:
        return self.priced("amount_in", _amount, i, j, amount_out)

    def most_in(self, i: int, j: int) -> int:
        return self.priced("most_in", _amount, i, j)

    def price(self, i: int, j: int) -> Fraction:
        return self.priced("price", _fraction, i, j)

    def reserve(self, i: int) -> int:
        return self.priced("reserve", _amount, i)

    def venue_data(self, i: int, j: int) -> int:
        return self.priced("venue_data", _signed, i, j)


def _signature(text: Any) -> str:
    """Of an event that can be read. Raises `ValueError`."""
    event(str(text))
    return str(text)


def _occasion() -> Occasion:
    elsewhere = deciding()
    return Occasion(elsewhere, MARKET, 0 if elsewhere is None else elsewhere.now, _nothing)


def _nothing(what: str, arguments: bytes) -> bytes:
    raise BadQuestion(f"an AMM asked for {what!r:.60}; it is told everything that it may know")


class _OfSection:
    """A class method's call: it has no state."""

    kept = b""

    def __init__(self, cls: type[FarAmm], config: FarConfig) -> None:
        self.who = cls.who
        self._cls = cls
        self._config = config

    def keep(self, kept: bytes) -> None:
        """There is nothing to keep."""

    def desk(self, account: str) -> Desk:
        return self._cls.desk_of(self._config)


def _on_log(method: str) -> Callable[..., Change]:
    def handle(self: FarAmm, *parameters: Any) -> Change:
        return self.ask(method, _change, *parameters)

    return handle


def _on_creation(method: str) -> Callable[..., Found[Any] | None]:
    def handle(cls: type[FarAmm], config: FarConfig, *parameters: Any) -> Found[Any] | None:
        of = _OfSection(cls, config)
        read = cls.reader(config)
        (found,) = list(converse(of, _occasion(), "made", method, pack(*parameters), read)) or [None]
        return found

    return handle


def _on_block(self: FarAmm, timestamp: int) -> None:
    self.ask("on_block", _none, timestamp)


def _outdated(self: FarAmm) -> bool:
    return self.ask("outdated", _bool, form="asks")


def _pool_of(cls: type[FarAmm], topic: str) -> str:
    raise PluginFault(f"{cls.who} finds pools of a singleton by code of its own, which needs explicit trust")


# ---- what it gives ----


def _one(read: Callable[[Any], T]) -> Callable[[bytes], T]:
    def reads(data: bytes) -> T:
        (value,) = unpack(data)
        return read(value)

    return reads


def _whole(value: Any) -> bytes:
    """Read later, for whoever asks."""
    return pack(value)


def _recalled(told: bytes, read: Callable[[Any], T]) -> T:
    """What was answered, or what it raised then."""
    found = unpack(told[1:])
    if told[:1] == _REFUSED:
        kind, text = found
        raise ERRORS.get(kind, Unpriced)(text)
    return read(found[0])


def _amount(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise PluginFault(f"it gave {value!r:.80}; an amount is an int in base units, from 0 to 2**256-1")
    return value


def _signed(value: Any) -> int:
    if type(value) is not int or abs(value) > _MOST:
        raise PluginFault(f"it gave {value!r:.80}; a number is due")
    return value


def _fraction(value: Any) -> Fraction:
    try:
        above, below = value
        return Fraction(_amount(above), _amount(below))
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise PluginFault(f"it gave {value!r:.80}; a price is a fraction") from error


def _change(value: Any) -> Change:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > _MOST_COINS:
        raise PluginFault(f"it gave {value!r:.80}; a change is an amount for each coin")
    return tuple(_signed(each) for each in value)


def _pairs(value: Any) -> dict[str, str]:
    try:
        found = {str(name): str(address) for name, address in value}
    except (TypeError, ValueError) as error:
        raise PluginFault(f"it gave {value!r:.80}; names and addresses are due") from error
    if len(found) > _MOST_COINS or any(len(each) > _LONGEST_ID for pair in found.items() for each in pair):
        raise PluginFault(f"it follows {len(found)} contracts, or names too long ones")
    return found


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise PluginFault(f"it gave {value!r:.80}; true or false is due")
    return value


def _none(value: Any) -> None:
    if value is not None:
        raise PluginFault(f"it gave {value!r:.80}; nothing is due")
