"""How facts about contracts change the books of an account; see `sniper.kernel.exchange.fold` for what all share."""

from sniper.errors import IllegalTransition
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.kernel.book import Book, Position
from sniper.kernel.exchange.book import Contract, DeskBook
from sniper.kernel.exchange.contracts import initial_margin
from sniper.kernel.flows import bound, realised

KEPT_IDS = 1_000


def contract_of(desk: DeskBook, instrument: Instrument) -> Contract:
    """What is known of it, and by which rules it is traded from now on."""
    contract = desk.contracts.setdefault(instrument.id, Contract(instrument=instrument))
    contract.instrument = instrument
    return contract


def remargin(book: Book, contract: Contract) -> None:
    """Hold the initial margin of what is held, after that or the leverage changed."""
    instrument = contract.instrument
    desk, position = book.desks[instrument.venue], book.positions.get(instrument.id)
    margin = 0 if position is None else initial_margin(position.cost, contract.leverage)
    left = desk.reserved.get(instrument.quote, 0) + margin - contract.margin
    contract.margin = margin
    if left:
        desk.reserved[instrument.quote] = left
    else:
        desk.reserved.pop(instrument.quote, None)


def once(desk: DeskBook, what: str, key: str, time: int) -> None:
    """Raises `IllegalTransition` for what was told before."""
    if key in desk.told:
        raise IllegalTransition(f"{what} {key} is booked already")
    desk.told[key] = time
    bound(desk.told, lambda told: told, KEPT_IDS)


def funded(book: Book, fact: f.Funded) -> None:
    desk, funding = book.desks[fact.venue], fact.funding
    left = book.cash.get(funding.asset, 0) + funding.amount
    if left < 0:
        raise IllegalTransition(f"funding {funding.id} would leave {left} of {funding.asset}")
    once(desk, "funding", funding.id, fact.time)
    book.cash[funding.asset] = left
    position = book.positions.get(funding.instrument)
    if position is None:
        # closed meanwhile: it counts for who held it last
        contract = desk.contracts.get(funding.instrument)
        position = opened(funding.instrument, funding.asset, fact.venue, contract.instance if contract else "", 0)
    position.realised += funding.amount
    realised(book, fact.time, position, funding.amount)


def contract_read(book: Book, fact: f.ContractRead) -> None:
    state = fact.state
    contract = contract_of(book.desks[state.instrument.venue], state.instrument)
    contract.leverage, contract.isolated = state.leverage, state.isolated
    contract.tiers, contract.liquidation = state.tiers, state.liquidation
    remargin(book, contract)


def contract_adjusted(book: Book, fact: f.ContractAdjusted) -> None:
    instrument = fact.instrument
    contract = contract_of(book.desks[instrument.venue], instrument)
    position = book.positions.get(instrument.id)
    if position is None:
        position = opened(instrument.id, instrument.quote, instrument.venue, contract.instance, fact.time)
        book.positions[instrument.id] = position
    position.amount += fact.amount
    position.cost += fact.cost
    if not position.amount:
        del book.positions[instrument.id]
    remargin(book, contract)


def opened(instrument: str, quote: str, venue: str, instance: str, time: int) -> Position:
    """A position in a contract, of nothing yet."""
    return Position(
        token=instrument,
        pool=instrument,
        quote=quote,
        venue=venue,
        instance=instance,
        chain_id=0,
        opened_at=time,
        state="open",
    )
