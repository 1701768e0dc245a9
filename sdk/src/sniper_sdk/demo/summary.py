"""Expected against got, and the books against the chain."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from sniper.types import NATIVE, asset_id
from sniper_sdk.demo.config import BOT, FUNDS
from sniper_sdk.demo.story import Stages, Story, Told
from sniper_sdk.devchain import DevChain
from sniper_sdk.zoo import Launch, Scenario

TRADE_LIMIT = 10**17
"""What one trade may lose: the config's ``max_spend_per_trade``, wei."""


@dataclass(frozen=True)
class Row:
    """One launch: what was expected, what came, and why. ``legs``: how a purchase was split; empty where it was not."""

    name: str
    symbol: str
    kind: str
    venue: str
    legs: tuple[str, ...]
    token: str
    expected: str
    got: str
    why: str
    pnl: int
    as_expected: bool


@dataclass(frozen=True)
class Reconciliation:
    """The books against the chain, wei and base units. ``differences``: empty where they agree."""

    cash: int
    chain_cash: int
    realised: int
    open_cost: int
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """The end of a demo."""

    seed: int
    rows: tuple[Row, ...]
    reconciliation: Reconciliation
    orders: int
    fills: int
    stages: dict[str, dict[str, float]]
    blocks: int
    records: int

    @property
    def passed(self) -> bool:
        """Whether the books reconcile and every outcome is as expected."""
        return not self.reconciliation.differences and all(row.as_expected for row in self.rows)

    def plain(self) -> dict[str, Any]:
        """As data for ``--json``."""
        return {**asdict(self), "passed": self.passed}


def summarise(scenario: Scenario, chain: DevChain, story: Story, seed: int, *, splits: bool = True) -> Summary:
    """Judge a demo that has ended. ``splits``: whether the venue can split a purchase over V2 and V3."""
    rows = tuple(_row(launch, chain, story, splits) for launch in scenario.launches)
    return Summary(
        seed=seed,
        rows=rows,
        reconciliation=_reconcile(chain, story),
        orders=sum(told.orders for told in story.tokens.values()),
        fills=sum(told.fills for told in story.tokens.values()),
        stages=_stages(story.stages),
        blocks=story.block,
        records=story.records,
    )


def _row(launch: Launch, chain: DevChain, story: Story, splits: bool) -> Row:
    token = asset_id(chain.chain_id, launch.token.lower())
    told = story.tokens.get(token)
    got, why = _outcome(told, story)
    expected = launch.expected.value
    exit_fits = launch.exit is None or got != expected or (told is not None and _exit_names(told)[-1:] == [launch.exit])
    return Row(
        name=launch.name,
        symbol=launch.symbol,
        kind=launch.kind.value,
        venue=" and ".join(venue.value for venue in launch.venues),
        legs=_legs(told),
        token=token,
        expected=expected if launch.exit is None else f"{expected} by {launch.exit}",
        got=got,
        why=why,
        pnl=told.realised if told else 0,
        as_expected=got == expected and exit_fits and _split_fits(launch, told, splits),
    )


def _split_fits(launch: Launch, told: Told | None, splits: bool) -> bool:
    """Whether it was bought once at most, over as many pools as it has; over one where nothing is split."""
    pools = len(launch.venues) if splits else 1
    return told is None or (told.entries <= 1 and (not told.entries or max(1, len(told.legs)) == pools))


def _legs(told: Told | None) -> tuple[str, ...]:
    if told is None or not told.legs:
        return ()
    total = sum(wei for _, wei in told.legs)
    return tuple(f"{wei * 100 // total}% {amm}" for amm, wei in told.legs)


def _exit_names(told: Told) -> list[str]:
    return [reason.partition(":")[0] for reason in told.exits]


def _outcome(told: Told | None, story: Story) -> tuple[str, str]:
    """What became of a launch, in the scenario's words, and why."""
    if told is None:
        return "refused", "no intent: the strategy's own filters"
    if not told.bought:
        return "refused", f"{told.denied}: {told.because}"
    position = story.book.positions.get(told.token)
    loss = -told.realised + (position.cost if position else 0)
    last = told.exits[-1] if told.exits else "no exit"
    if position is not None or loss * 2 > told.spent:
        within = "lost-within-limit" if loss <= TRADE_LIMIT else "lost-beyond-limit"
        return within, f"{told.state}; {last}"
    if _exit_names(told)[-1] == "event-exit":
        return "escaped", last
    return "sold", last


def _reconcile(chain: DevChain, story: Story) -> Reconciliation:
    book = story.book
    cash = book.cash.get(asset_id(chain.chain_id, NATIVE), 0)
    on_chain = chain.balance(BOT.address)
    realised = sum(told.realised for told in story.tokens.values())
    open_cost = sum(position.cost for position in book.positions.values())
    differences = []
    if cash != on_chain:
        differences.append(f"the books hold {cash} wei, the chain {on_chain}")
    if cash != FUNDS + realised - open_cost:
        differences.append(f"{cash} wei is not {FUNDS} + {realised} realised - {open_cost} in open positions")
    for token in story.tokens:
        position = book.positions.get(token)
        held = position.amount if position else 0
        balance = chain.token_balance(token.partition(":")[2], BOT.address)
        if held != balance:
            differences.append(f"the books hold {held} of {token}, the chain {balance}")
    differences += [f"{a.delta} of {a.asset} was adjusted: {a.reason}" for a in story.adjustments[1:]]
    differences += [f"order {order} has not ended" for order in book.orders]
    return Reconciliation(cash, on_chain, realised, open_cost, tuple(differences))


def _stages(stages: Stages) -> dict[str, dict[str, float]]:
    found = {}
    for name, samples in asdict(stages).items():
        if samples:
            ordered = sorted(samples)
            found[name] = {
                "count": len(ordered),
                "p50_ms": round(median(ordered) / 1e6, 3),
                "p99_ms": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] / 1e6, 3),
            }
    return found
