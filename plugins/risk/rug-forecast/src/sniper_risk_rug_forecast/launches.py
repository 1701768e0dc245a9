"""Generated launches: simulated pools of the Uniswap V2 kind, whose ends are known, to learn from.

What is done in them was written down from how such launches are described, not measured: shares, sizes and times
are round guesses. The arithmetic is exact (UniswapV2Pair.sol, UniswapV2Library.sol). The same seed gives the same
actions, to the unit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, isqrt, log
from random import Random
from typing import Concatenate, Final, ParamSpec

from sniper_risk_rug_forecast.actions import Action, Kind
from sniper_risk_rug_forecast.training import Case

P = ParamSpec("P")

HOUR: Final = 3600
WATCHED_S: Final = 96 * HOUR
"""How long each launch is played."""
FIRST: Final = 1_700_000_004
"""When the first one starts, Unix seconds; another one follows every ten minutes."""
BLOCK_S: Final = 12
ROUTER: Final = "0x" + "a0" * 20
BOT: Final = "0x" + "b0" * 20
PARTS: Final = 1_000_000


def _chance(chance: Random, low: float, high: float) -> float:
    """Log-uniform: as likely to be near either end."""
    drawn: float = low * (high / low) ** chance.random()
    return drawn


@dataclass
class Launch:
    """One pool while it is played. Reserves in base units; ``lp``: liquidity by holder."""

    chance: Random
    start: int
    deployer: str
    quote: int = 0
    token: int = 0
    supply: int = 0
    buy_tax: float = 0.0
    sell_tax: float = 0.0
    lp: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    agenda: list[tuple[int, int, Callable[[int], None]]] = field(default_factory=list)

    def at(self, hours: float, do: Callable[Concatenate[int, P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Plan something for this long after the start; ``do`` is told when it happens."""
        time = self.start + round(hours * HOUR / BLOCK_S) * BLOCK_S
        self.agenda.append((time, len(self.agenda), lambda now: do(now, *args, **kwargs)))

    def play(self) -> list[Action]:
        """All that was planned until the end of the watch, in its order."""
        for time, _, do in sorted(self.agenda, key=lambda planned: planned[:2]):
            if time <= self.start + WATCHED_S:
                do(time)
        return self.actions

    def join(self, time: int, who: str, parts: int) -> None:
        """Add a share of the reserves."""
        self.mint(time, who, self.quote * parts // PARTS, self.token * parts // PARTS)

    def mint(self, time: int, who: str, quote: int, token: int) -> None:
        """Add liquidity, in the ratio of the pool where it holds some."""
        if quote <= 0 or token <= 0 or (self.supply and not self.quote):
            return
        made = quote * self.supply // self.quote if self.supply else isqrt(quote * token)
        self.supply += made
        self.lp[who] = self.lp.get(who, 0) + made
        self._happened(time, "mint", ROUTER, "", quote_in=quote, token_in=token)

    def burn(self, time: int, who: str, parts: int) -> None:
        """Take out a share (of `PARTS`) of what this provider has."""
        amount = self.lp.get(who, 0) * parts // PARTS
        if amount <= 0:
            return
        quote, token = self.quote * amount // self.supply, self.token * amount // self.supply
        if quote <= 0 or token <= 0:
            return
        self.lp[who] -= amount
        self.supply -= amount
        self._happened(time, "burn", ROUTER, who, quote_out=quote, token_out=token)

    def buy(self, time: int, who: str, parts: int, caller: str = ROUTER) -> None:
        """Pay a share of the pool's quote reserve."""
        paid = self.quote * parts // PARTS
        out = _out(paid, self.quote, self.token)
        if out > 0:
            self.held[who] = self.held.get(who, 0) + out - round(out * self.buy_tax)
            self._happened(time, "swap", caller, who, quote_in=paid, token_out=out)

    def sell(self, time: int, who: str, parts: int, caller: str = ROUTER) -> None:
        """Sell a share of what this wallet holds. The tax is the token's: the pair receives less than was sold."""
        sold = self.held.get(who, 0) * parts // PARTS
        arrived = sold - round(sold * self.sell_tax)
        out = _out(arrived, self.token, self.quote)
        if out > 0:
            self.held[who] -= sold
            self._happened(time, "swap", caller, who, token_in=arrived, quote_out=out)

    def _happened(
        self, time: int, kind: Kind, sender: str, to: str, *, quote_in: int = 0, quote_out: int = 0, token_in: int = 0,
        token_out: int = 0,
    ) -> None:  # fmt: skip
        self.quote += quote_in - quote_out
        self.token += token_in - token_out
        self.actions.append(
            Action(
                time=time, block=time // BLOCK_S, kind=kind, sender=sender, to=to, quote_in=quote_in,
                quote_out=quote_out, token_in=token_in, token_out=token_out, quote_reserve=self.quote,
                token_reserve=self.token,
            )
        )  # fmt: skip

    def opened(self) -> None:
        """The first liquidity, by the deployer, who keeps some of the token or none."""
        quote = round(_chance(self.chance, 1, 10_000)) * 10**16
        token = round(_chance(self.chance, 1e3, 1e12)) * 10**18
        kept = token * self.chance.choice((0, 0, 50_000, 200_000, 500_000)) // PARTS
        if kept:
            self.held[self.deployer] = kept
        self.at(0, self.mint, self.deployer, quote, token)

    def crowd(self, *, first: float, last: float, rate: float, half_life: float, sells: float) -> None:
        """Strangers who trade: ``rate`` an hour at first, halved every ``half_life`` hours; ``sells``: their share."""
        hours, wallets = first, [_wallet(self.chance) for _ in range(3 + int(rate * half_life))]
        while True:
            now = rate * exp(-0.693 * (hours - first) / half_life)
            hours += min(-log(1.0 - self.chance.random()) / max(now, 0.01), 1000.0)
            if hours > last:
                return
            who = self.chance.choice(wallets)
            caller = BOT if self.chance.random() < 0.15 else ROUTER
            parts = round(_chance(self.chance, 500, 150_000))
            if self.chance.random() < sells:
                self.at(hours, self.sell, who, PARTS, caller)
            else:
                self.at(hours, self.buy, who, parts, caller)

    def insiders(self, count: int, hours: float = 0.0) -> list[str]:
        """Wallets that buy in the first block."""
        wallets = [_wallet(self.chance) for _ in range(count)]
        for who in wallets:
            parts = round(_chance(self.chance, 5_000, 200_000))
            self.at(hours, self.buy, who, parts, BOT)
        return wallets


def _wallet(chance: Random) -> str:
    return f"0x{chance.getrandbits(160):040x}"


def _out(paid: int, reserve_in: int, reserve_out: int) -> int:
    """UniswapV2Library.getAmountOut."""
    return paid * 997 * reserve_out // (reserve_in * 1000 + paid * 997) if paid > 0 and reserve_in > 0 else 0


def _interest(launch: Launch) -> tuple[float, float]:
    """How many trades an hour at first, and how long interest lasts (half-life, hours)."""
    return _chance(launch.chance, 0.3, 60), _chance(launch.chance, 0.5, 48)


def honest(launch: Launch) -> None:
    """Trades both ways while there is interest; the deployer's liquidity stays; others add some and take it again."""
    rate, half_life = _interest(launch)
    launch.crowd(first=launch.chance.random() * 2, last=96, rate=rate, half_life=half_life, sells=0.42)
    if launch.chance.random() < 0.3:
        launch.insiders(launch.chance.randrange(1, 4))
    for _ in range(launch.chance.randrange(4)):
        who, hours = _wallet(launch.chance), launch.chance.random() * 60
        share = round(_chance(launch.chance, 10_000, 400_000))
        launch.at(hours, launch.join, who, share)
        launch.at(hours + 30 * launch.chance.random(), launch.burn, who, PARTS)
    if launch.chance.random() < 0.1:
        part = round(_chance(launch.chance, 50_000, 400_000))
        launch.at(launch.chance.random() * 90, launch.burn, launch.deployer, part)


def quiet(launch: Launch) -> None:
    """Nobody comes, or hardly anybody."""
    launch.crowd(first=0.1, last=96, rate=_chance(launch.chance, 0.02, 0.5), half_life=48, sells=0.3)


def rug(launch: Launch) -> None:
    """Bought up, partly by the deployer's own wallets; then all liquidity is taken at once."""
    rate, half_life = _interest(launch)
    pulled = _chance(launch.chance, 0.2, 72)
    launch.crowd(first=0.01, last=96, rate=rate, half_life=half_life, sells=0.25)
    own = launch.insiders(launch.chance.randrange(1, 5), 0.02)
    for _ in range(launch.chance.randrange(12)):
        who, hours = launch.chance.choice(own), launch.chance.random() * min(pulled, 6)
        parts = round(_chance(launch.chance, 5_000, 60_000))
        launch.at(hours, launch.buy, who, parts)
    launch.at(pulled, launch.burn, launch.deployer, PARTS)


def slow_drain(launch: Launch) -> None:
    """The deployer takes the liquidity in parts, over hours or days."""
    rate, half_life = _interest(launch)
    launch.crowd(first=0.05, last=96, rate=rate, half_life=half_life, sells=0.35)
    hours = _chance(launch.chance, 0.5, 36)
    pause = _chance(launch.chance, 0.3, 10)
    for _ in range(14):
        part = round(_chance(launch.chance, 100_000, 500_000))
        launch.at(hours, launch.burn, launch.deployer, part)
        hours += pause * (0.5 + launch.chance.random())


def honeypot(launch: Launch) -> None:
    """Only the deployer's wallets can sell: others buy until it collapses."""
    rate, half_life = _interest(launch)
    launch.buy_tax = launch.chance.choice((0.0, 0.0, 0.05, 0.1))
    launch.crowd(first=0.01, last=96, rate=rate, half_life=half_life, sells=0.0)
    own = launch.insiders(launch.chance.randrange(1, 3))
    ends = _chance(launch.chance, 0.5, 60)
    for who in own:
        launch.at(ends * launch.chance.random(), launch.sell, who, 300_000)
    if launch.chance.random() < 0.6:
        launch.at(ends, launch.burn, launch.deployer, PARTS)
    else:
        launch.held[launch.deployer] = 10**40
        launch.at(ends, launch.sell, launch.deployer, PARTS)


def pump_and_dump(launch: Launch) -> None:
    """Insiders buy first, trade among themselves, and sell all into the interest that this brings."""
    rate, half_life = _interest(launch)
    launch.sell_tax = launch.chance.choice((0.0, 0.0, 0.03, 0.08))
    own = launch.insiders(launch.chance.randrange(3, 10))
    ends = _chance(launch.chance, 0.3, 48)
    launch.crowd(first=0.02, last=96, rate=2 * rate, half_life=half_life, sells=0.2)
    for _ in range(launch.chance.randrange(10, 40)):
        who, hours = launch.chance.choice(own), launch.chance.random() * ends
        parts = round(_chance(launch.chance, 5_000, 80_000))
        if launch.chance.random() < 0.6:
            launch.at(hours, launch.buy, who, parts)
        else:
            launch.at(hours, launch.sell, who, 200_000)
    for number, who in enumerate(own):
        launch.at(ends + number * 0.01, launch.sell, who, PARTS)
    if launch.chance.random() < 0.5:
        launch.at(ends + 0.2, launch.burn, launch.deployer, PARTS)


BEHAVIOURS: Final[tuple[tuple[float, Callable[[Launch], None]], ...]] = (
    (0.38, honest),
    (0.17, quiet),
    (0.17, rug),
    (0.08, slow_drain),
    (0.10, honeypot),
    (0.10, pump_and_dump),
)
"""With the share of launches that each has."""


def launches(count: int, seed: int) -> list[Case]:
    """So many launches, in the order of their start."""
    cases = []
    for number in range(count):
        chance = Random(f"{seed}/{number}")
        start = FIRST + number * 600
        launch = Launch(chance=chance, start=start, deployer=_wallet(chance))
        (behave,) = chance.choices([each for _, each in BEHAVIOURS], [share for share, _ in BEHAVIOURS])
        launch.opened()
        behave(launch)
        cases.append(Case(pool=_wallet(chance), created=start, actions=launch.play(), until=start + WATCHED_S))
    return cases
