"""Orders at exchanges and plans in words; see `sniper.cli.telling`."""

from collections.abc import Iterator

from sniper.cli.exchange_story import ExchangeOrderStory, PlanStory
from sniper.cli.section import BAD, GOOD, PALE, WARN, Line, Section
from sniper.cli.story import Chronicle, Story
from sniper.cli.written import Words, clock, duration, percent, printable
from sniper.events import (
    Bar,
    BookChanged,
    DeskAnswered,
    Event,
    FillSeen,
    OrderFound,
    OrderSeen,
    Prices,
    Submitted,
    Trade,
)
from sniper.instrument import Instrument
from sniper.kernel import facts as f
from sniper.plugin import Frozen

_ENDS = {"filled": "was filled", "cancelled": "was cancelled", "expired": "expired", "rejected": "was rejected"}
_DONE = {"buy": "bought", "sell": "sold"}


def outcome_at_desk(story: Story, words: Words) -> str:
    """What came of it, in one sentence."""
    order, plan, name = story.at_desk, story.plan, words.name(story.formed.token)
    verb = "buy" if order is not None and order.placed.new.side == "buy" else "sell" if order is not None else "trade"
    if story.verdict is None:
        return f"wants to {verb} {name}; the checks have not all answered"
    if not story.verdict.allowed:
        return f"wanted to {'open' if story.is_entry else 'reduce'} {name} and was refused by {story.verdict.rule}"
    if plan is not None:
        size = size_in(plan.started.instrument, plan.filled, words)
        note = f": {printable(plan.note)}" if plan.note else ""
        return f"began a plan, {plan.type}, of {plan.started.instrument.id}; {size} filled, {plan.state}{note}"
    if order is None:
        return f"wanted to trade {name}; nothing of it is on record"
    if not order.fills:
        note = f": {printable(order.note)}" if order.note else ""
        ended = f"wanted to {verb} {name}, but the order {_ENDS.get(order.state, '')}{note}"
        return f"waits to {verb} {name}; the order is {order.state}{note}" if order.working else ended
    traded = words.amount(abs(order.total("amount")), story.formed.token)
    value = sum(each.fill.value for each in order.fills)
    left = "" if order.state == "filled" else f"; the order is {order.state}"
    return f"{_DONE[order.placed.new.side]} {traded} for {words.amount(value, order.placed.instrument.quote)}{left}"


def wanted_at_desk(story: Story) -> str:
    """What it wanted; which side an order that was refused had, its intent does not tell."""
    if story.at_desk is not None:
        return f"to {story.at_desk.placed.new.side}"
    if story.plan is not None:
        return f"a plan, {story.plan.type}"
    return "to open a position" if story.is_entry else "to reduce a position"


def desk_event(seen: Event | None, chronicle: Chronicle) -> str:
    """An event of an exchange; empty where it is none."""
    if isinstance(seen, Trade):
        instrument = chronicle.instruments.get(seen.instrument)
        return f"a trade of {seen.instrument}{_at(instrument, seen.price, seen.size)}"
    if isinstance(seen, Prices):
        instrument = chronicle.instruments.get(seen.instrument)
        if instrument is None:
            return f"the prices of {seen.instrument}"
        bid, ask = instrument.price(seen.bid), instrument.price(seen.ask)
        return f"the prices of {seen.instrument}: {bid:,f} is bid, {ask:,f} is asked"
    if isinstance(seen, Bar):
        instrument = chronicle.instruments.get(seen.instrument)
        closed = f", which closed{_at(instrument, seen.close)}"
        return f"a bar of {duration(seen.interval)} of {seen.instrument}{closed}"
    if isinstance(seen, BookChanged):
        return f"a change of the order book of {seen.instrument}"
    if isinstance(seen, FillSeen):
        return f"fill {seen.fill.id} of an order of {seen.fill.instrument}"
    if isinstance(seen, OrderSeen | Submitted | OrderFound):
        return "what the exchange said of another order"
    if isinstance(seen, DeskAnswered):
        return f"a reading of the account at {seen.venue}"
    return ""


def _at(instrument: Instrument | None, price: int, size: int | None = None) -> str:
    if instrument is None:
        return ""
    return (f", {instrument.size(size):,f}" if size is not None else "") + f" at {instrument.price(price):,f}"


def at_desk(order: ExchangeOrderStory, words: Words, plan: PlanStory | None) -> Section:
    """What was ordered, what became of it, and every fill."""
    section = Section(f"Order {order.placed.order}")
    section.lines += _placed(order, words, plan)
    section.lines += _went(order, words)
    if order.working:
        section.lines.append(Line("It is still under way.", WARN))
    else:
        took = duration(order.moves[-1].time - order.placed.time)
        note = f": {printable(order.note)}" if order.note else ""
        style = GOOD if order.state == "filled" else BAD
        section.lines.append(Line(f"The order {_ENDS[order.state]} {took} after it was placed{note}.", style))
    return section


def _placed(order: ExchangeOrderStory, words: Words, plan: PlanStory | None) -> Iterator[Line]:
    placed, new = order.placed, order.placed.new
    instrument = placed.instrument
    price = "at the market" if new.price is None else f"at {instrument.price(new.price):,f} or better"
    flags = "".join(f", {flag}" for flag in new.flags)
    yield Line(f"To {new.side} {instrument.size(new.size):,f} {instrument.id} {price}, {new.lives}{flags}.")
    if new.trigger is not None:
        held = f"The exchange holds it, a {new.type}, until the price is at {instrument.price(new.trigger):,f}."
        yield Line(held)
    asset = instrument.quote if new.side == "buy" or instrument.linear else instrument.base
    yield Line(f"Reserved: {words.amount(placed.reserved, asset)}.")
    if plan is not None:
        started = plan.started
        yield Line(f"It is the leg {placed.leg} of the plan {started.plan} ({plan.type}, {plan.state}).")
    yield Line(f"client id {new.client_id}" + (f", at the exchange {order.venue_id}" if order.venue_id else ""), PALE)


def _went(order: ExchangeOrderStory, words: Words) -> Iterator[Line]:
    """Its states and fills, in the order in which they came."""
    begun = order.placed.time
    told: list[tuple[int, int, Line]] = []
    for move in order.moves:
        if move.state in _ENDS:
            continue
        note = f": {printable(move.note)}" if move.note else ""
        unknown = move.state == "unknown"
        meant = "nobody knew whether it had arrived, so it was looked for" if unknown else "the exchange has it"
        told.append(
            (move.time, 0, Line(f"{duration(move.time - begun)} later: {meant}{note}", WARN if unknown else ""))
        )
    if order.cancelled is not None:
        told.append((order.cancelled, 1, Line(f"{duration(order.cancelled - begun)} later: it was to be cancelled")))
    told += [(fill.time, 2, Line(_filled(order, fill, words), GOOD)) for fill in order.fills]
    yield from (line for _, _, line in sorted(told, key=lambda each: each[:2]))


def _filled(order: ExchangeOrderStory, booked: f.ExchangeFilled, words: Words) -> str:
    fill, instrument = booked.fill, order.placed.instrument
    after = duration(booked.time - order.placed.time)
    paid = "rebate" if fill.fee < 0 else "fee"
    text = (
        f"{after} later: {_DONE[fill.side]} {instrument.size(fill.size):,f} at {instrument.price(fill.price):,f}, "
        f"{words.amount(fill.value, instrument.quote)}; {paid} {words.amount(abs(fill.fee), fill.fee_asset)}, "
        f"{'it waited in the book' if fill.maker else 'it took what was there'}"
    )
    if not booked.gained:
        return text
    gained = "profit" if booked.gained > 0 else "loss"
    return f"{text}; {gained} {words.amount(abs(booked.gained), order.placed.counted or instrument.quote)}"


def size_in(instrument: Instrument, lots: int, words: Words) -> str:
    """A size at an exchange, or an amount of a pool's token."""
    return words.amount(lots, instrument.base) if instrument.in_pool else f"{instrument.size(lots):,f}"


def _swaps(plan: PlanStory, words: Words) -> Iterator[Line]:
    instrument = plan.started.instrument
    for order in plan.swaps:
        placed, part = order.placed, order.placed.part
        if part is None:
            continue
        verb = "sell" if placed.side == "reduce" else "buy"
        limit = "" if part.limit is None else f" at {words.price(part.limit, instrument)} or better"
        yield Line(
            f"{duration(placed.time - plan.started.time)} later, {part.leg}: {verb} "
            f"{words.amount(part.size, instrument.base)}{limit}; {order.state}"
        )
        yield Line(f"sniper why {placed.order}", PALE, 2)


def of_plan(plan: PlanStory, words: Words) -> Section:
    """What it was told to do, every order that it placed, and why it waited or ended."""
    started = plan.started
    section = Section(f"Plan {started.plan}: {plan.type} of {started.instrument.id}")
    section.lines += _told(plan, words)
    section.lines += _swaps(plan, words)
    for order in plan.orders:
        new, instrument = order.placed.new, order.placed.instrument
        price = "at the market" if new.price is None else f"at {instrument.price(new.price):,f}"
        text = (
            f"{duration(order.placed.time - started.time)} later, {order.placed.leg}: {new.side} "
            f"{instrument.size(new.size):,f} {price}; {instrument.size(order.filled):,f} filled, {order.state}"
        )
        section.lines.append(Line(text))
        section.lines.append(Line(f"sniper why {order.placed.order}", PALE, 2))
    for wait in plan.waits:
        pause = duration(wait.until - wait.time)
        section.lines.append(Line(f"{wait.leg} was refused and waited {pause}: {printable(wait.note)}", WARN))
    if plan.narrowed is not None:
        section.lines.append(Line(f"From {clock(plan.narrowed.time)} on it only reduces: {plan.narrowed.reason}", WARN))
    if plan.ended is not None:
        note = f": {printable(plan.note)}" if plan.note else ""
        took = duration(plan.ended.time - started.time)
        section.lines.append(
            Line(f"It was {plan.state} {took} after it began{note}.", GOOD if plan.state == "done" else BAD)
        )
    elif plan.ending is not None:
        section.lines.append(Line("It withdraws what it has on its way, and then ends.", WARN))
    else:
        section.lines.append(Line("It goes on.", WARN))
    return section


def _told(plan: PlanStory, words: Words) -> Iterator[Line]:
    """Its parameters, with prices and sizes as the exchange writes them where their names say what they are."""
    yield from _fields(plan.started.spec, plan.started.instrument, words, 2)


def _fields(spec: Frozen, instrument: Instrument, words: Words, depth: int) -> Iterator[Line]:
    for name in spec.__struct_fields__:  # type: ignore[attr-defined]  # it is a msgspec struct
        value = getattr(spec, name)
        parts = value if isinstance(value, tuple) else (value,)
        if name == "instrument" or value in (None, ()):
            continue
        title = name.replace("_", " ")
        if all(isinstance(part, Frozen) for part in parts):
            for part in parts:
                yield Line(f"{title}:", depth=depth)
                yield from _fields(part, instrument, words, depth + 1)
        else:
            yield Line(f"{title}: {_field(name, value, instrument, words)}", depth=depth)


def _field(name: str, value: object, instrument: Instrument, words: Words) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return str(value)
    if name in _PRICES:
        return words.price(value, instrument) if instrument.in_pool else f"{instrument.price(value):,f}"
    if name in _SIZES:
        return size_in(instrument, value, words)
    if name.endswith("bps"):
        return percent(value)
    return duration(value) if name == "duration" else clock(value) if name == "until" else str(value)


_PRICES = frozenset(
    (
        *("trigger", "limit", "price", "stop", "touch", "target", "stop_limit", "entry_stop", "activation"),
        *("lower", "upper", "first", "last", "amount", "step", "limit_gap", "trail"),
    )
)
"""Fields of `sniper.order_types` in ticks; and those in lots."""
_SIZES = frozenset({"size", "show"})
