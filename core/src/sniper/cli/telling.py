"""The story of one intent in words: from what was seen to the profit. `tell` gives the text, `show` prints it."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby

import click

from sniper.cli import range_telling
from sniper.cli.exchange_telling import at_desk, desk_event, of_plan, outcome_at_desk, wanted_at_desk
from sniper.cli.meanings import awaited, beyond, meaning
from sniper.cli.section import BAD, GOOD, PALE, WARN, Line, Section
from sniper.cli.story import AttemptStory, Chronicle, Holding, OrderStory, Story
from sniper.cli.written import Words, clock, coins, duration, gwei, percent, printable, short
from sniper.events import (
    Block,
    ClosePosition,
    CycleFound,
    KillSwitch,
    Log,
    PoolRead,
    RouteProposed,
    SellSimulated,
    Settled,
    SignalHeard,
    TokenDescribed,
    Transfer,
)
from sniper.kernel import facts as f
from sniper.kernel.book import NO_STEP
from sniper.kernel.transfers import receiver
from sniper.risk import Finding
from sniper.routing.explain import as_percent
from sniper.types import BPS, NATIVE, Entry, asset_id, split_asset


def tell(story: Story, chronicle: Chronicle, checks: Mapping[str, str] | None = None) -> list[Section]:
    """The whole story. That of a sale is part of the story of what it sells, so that is told.

    checks  What each check is about, by name, as far as it is known.
    """
    return list(Teller(chronicle, checks or {}).sections(story))


def show(sections: Sequence[Section]) -> None:
    """Print it: with colours and folded lines on a terminal, else as it is."""
    if not sys.stdout.isatty():
        for number, section in enumerate(sections):
            click.echo(("\n" if number else "") + section.title)
            for line in section.lines:
                click.echo("  " * line.depth + line.text)
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    for number, section in enumerate(sections):
        console.print(Text(("\n" if number else "") + section.title, style="bold"))
        for line in section.lines:
            console.print(Padding(Text(line.text, style=line.style), (0, 0, 0, 2 * line.depth)))


class Teller:
    """Knows the record, and so the names of tokens and what else was tried."""

    def __init__(self, chronicle: Chronicle, checks: Mapping[str, str]) -> None:
        self._chronicle = chronicle
        self._about = checks
        self._words = Words(chronicle.tokens)

    def sections(self, story: Story) -> Iterator[Section]:
        """See `tell`."""
        holding = story.holding
        asked = story
        alone = story.is_entry or story.is_of_range or story.is_at_exchange or story.plan is not None
        if holding is not None and not alone:
            story = holding.entries[0]
        yield self._summary(story, asked)
        yield self._seen(story)
        if story.sized is not None:
            yield self._route(story, story.sized.entry)
        yield self._checks(story)
        if story.verdict is not None and not story.verdict.allowed:
            yield self._refused(story, story.verdict)
        if story.plan is not None:
            yield of_plan(story.plan, self._words)
        if story.at_desk is not None:
            yield at_desk(story.at_desk, self._words, self._chronicle.plans.get(story.at_desk.placed.plan))
        if story.is_at_exchange:
            if holding is not None:
                yield self._held_at_exchange(holding)
            return
        if story.order is not None:
            yield self._order(f"Order {story.order.placed.order}", story.order)
        if story.is_of_range:
            return
        if holding is not None and any(entry.order and entry.order.total("amount") for entry in holding.entries):
            yield from self._held(story, holding)

    # ---- what it comes to ----

    def _summary(self, story: Story, asked: Story) -> Section:
        token = self._words.named(story.formed.token)
        section = Section(f"{story.id}: {self._outcome(story)}")
        section.lines.append(Line(f"Token {token}, account {story.account}, mode {story.mode or 'unknown'}", PALE))
        if asked is not story:
            section.lines.append(Line(f"{asked.id} is a sale in this story.", PALE))
        return section

    def _outcome(self, story: Story) -> str:
        """In one sentence."""
        if story.is_at_exchange or story.plan is not None:
            return outcome_at_desk(story, self._words)
        if story.is_arbitrage:
            return self._went_round(story)
        if story.is_transfer:
            return self._went_out(story)
        if story.is_of_range:
            return range_telling.outcome(story, self._words)
        name = self._words.name(story.formed.token)
        if story.verdict is None:
            return f"wants to buy {name}; the checks have not all answered"
        if not story.verdict.allowed:
            return f"wanted to buy {name} and was refused by {story.verdict.rule}"
        holding, order = story.holding, story.order
        if holding is None or order is None or not order.total("amount"):
            if order is None or order.state == "working":
                return f"is buying {name}"
            reason = f": {printable(order.ended.reason)}" if order.ended and order.ended.reason else ""
            return f"wanted to buy {name}, but the order {_ENDS[order.state]}{reason}"
        bought = f"bought {self._words.amount(order.total('amount'), story.formed.token)} for "
        bought += self._words.amount(-order.total("cash"), order.placed.quote)
        if holding.closed:
            realised = holding.total("realised")
            end = "a profit" if realised >= 0 else "a loss"
            return f"{bought} and closed with {end} of {self._words.amount(abs(realised), order.placed.quote)}"
        return f"{bought}; the position is {holding.state}"

    def _went_out(self, story: Story) -> str:
        """The same of a transfer."""
        name, order = self._words.name(story.formed.token), story.order
        if story.verdict is not None and not story.verdict.allowed:
            return f"wanted to send {name} and was refused by {story.verdict.rule}"
        if order is None or order.state == "working":
            return f"is sending {name}"
        sent = -order.total("cash")
        if not sent:
            reason = f": {printable(order.ended.reason)}" if order.ended and order.ended.reason else ""
            return f"wanted to send {name}, but the order {_ENDS[order.state]}{reason}"
        return f"sent {self._words.amount(sent, order.placed.quote)} to {receiver(order.placed)}"

    def _went_round(self, story: Story) -> str:
        """The same of an arbitrage."""
        name, order = self._words.name(story.formed.token), story.order
        if story.verdict is not None and not story.verdict.allowed:
            return f"wanted to trade a cycle of {name} and was refused by {story.verdict.rule}"
        if order is None or order.state == "working":
            return f"is trading a cycle of {name}"
        cash, gas = order.total("cash"), coins(order.total("gas"), 18)
        if not cash:
            reason = f": {printable(order.ended.reason)}" if order.ended and order.ended.reason else ""
            return f"wanted to trade a cycle of {name}, but the order {_ENDS[order.state]}{reason}; gas {gas} ether"
        word = "gained" if cash > 0 else "lost"
        return f"{word} {self._words.amount(abs(cash), order.placed.quote)} with a cycle, before {gas} ether of gas"

    # ---- before the order ----

    def _seen(self, story: Story) -> Section:
        section = Section("What was seen")
        section.lines.append(Line(f"{clock(story.formed.time)}: {self._event(story)}"))
        if isinstance(story.seen, Log):
            section.lines.append(Line(f"transaction {story.seen.tx_hash}", PALE))
        wanted = {"increase": "to buy", "reduce": "to sell", "arbitrage": "to trade a cycle", "transfer": "to send"}
        wanted |= range_telling.SIDES
        by_plan = story.is_at_exchange or story.plan is not None
        verb = f"wanted {wanted_at_desk(story) if by_plan else wanted[story.formed.side]}"
        who = "The treasury" if story.is_transfer else f"Strategy {story.formed.instance}"
        section.lines.append(Line(f"{who} {verb}: {printable(story.formed.reason)}"))
        return section

    def _event(self, story: Story) -> str:
        """The event that led to an intent."""
        cause, seen, words = story.formed.cause, story.seen, self._words
        if cause.startswith("timer-fired/1"):
            return "a timer that had been set for this moment"
        if isinstance(seen, Log):
            sender = asset_id(seen.chain_id, seen.address)
            entry = story.sized.entry if story.sized else None
            held = story.holding.position.pool if story.holding else ""
            if sender == story.formed.token:
                who = "the token itself"
            elif sender in (entry.pool if entry else "", held):
                who = f"the pool {short(seen.address)}"
            else:
                who = short(seen.address)
            return f"log {seen.index} in block {seen.block} of chain {seen.chain_id}, from {who}"
        if isinstance(seen, CycleFound):
            gain = words.amount(seen.gain, seen.quote)
            return (
                f"a router named a cycle over {len(seen.legs)} pools in block {seen.block} of chain {seen.chain_id}, "
                f"which gained {gain} before gas"
            )
        if isinstance(seen, Block):
            return f"block {seen.number} of chain {seen.chain_id}"
        if isinstance(seen, PoolRead):
            return f"the state of the pool {short(seen.pool)}, read at block {seen.block}"
        if isinstance(seen, SignalHeard):
            return _said(seen, cause)
        if isinstance(seen, TokenDescribed):
            return f"what the token says of itself: {printable(seen.symbol) or 'no name'}, {seen.decimals} decimals"
        if isinstance(seen, SellSimulated):
            holding = story.holding
            brought = f"{seen.received:,} base units"
            if holding is not None:
                brought = words.amount(seen.received, holding.position.quote)
            fate = f"reverts: {printable(seen.reverted)}" if seen.reverted else f"brings {brought}"
            return f"a sale simulated at block {seen.block} {fate}"
        if isinstance(seen, Settled):
            return f"its transaction was in block {seen.block}"
        if isinstance(seen, KillSwitch):
            why = f" ({printable(seen.reason)})" if seen.reason else ""
            return f"the kill switch was set to {seen.level}{why}"
        if isinstance(seen, RouteProposed):
            return "routers have answered, for which a sale that was wanted had waited"
        if isinstance(seen, ClosePosition):
            return "a person asked to close the position"
        at_an_exchange = desk_event(seen, self._chronicle)
        if at_an_exchange:
            return at_an_exchange
        if isinstance(seen, Transfer):
            return "a person asked to have it sent"
        return printable(cause.strip()) or "nothing on record"

    def _route(self, story: Story, entry: Entry) -> Section:
        words, section = self._words, Section("Size and route")
        amm = self._chronicle.amms.get(entry.pool)
        kind = f" of the AMM {amm}" if amm else ""
        section.lines += [
            Line(f"{words.amount(entry.amount, entry.quote)} through pool {entry.pool}{kind}, venue {entry.venue}."),
            Line(f"Expected for it: {words.amount(entry.expected_out, entry.token)}, before any tax of the token."),
        ]
        return section

    def _checks(self, story: Story) -> Section:
        section = Section("Checks" if story.judged else "Checks: none has answered yet")
        for judged in story.judged:
            section.lines += self._check(story, judged)
        for check, (_, answered) in story.probes.items():
            if answered is None:
                over = "was still looking when another one denied" if story.verdict else "is still looking"
                section.lines.append(Line(f"· {check} {over}", PALE))
        if story.verdict is not None:
            word = "Allowed" if story.verdict.allowed else "Denied"
            took = duration(story.verdict.time - story.formed.time)
            style = GOOD if story.verdict.allowed else BAD
            section.lines.append(Line(f"{word} {took} after the event.", style))
        return section

    def _check(self, story: Story, judged: f.Judged) -> Iterator[Line]:
        ok = all(finding.ok or finding.severity == "warn" for finding in judged.findings)
        name = "sniper's own rules" if judged.check == "kernel" else judged.check
        probe = story.probes.get(judged.check)
        took = f", looked at the chain for {duration(judged.time - probe[0])}" if probe else ""
        yield Line(f"{'✓' if ok else '✗'} {name}{took}", GOOD if ok else BAD)
        for finding in judged.findings:
            yield Line(self._finding(story, finding), _style(finding), 3)
            for pointer in finding.evidence:
                yield Line(printable(pointer), PALE, 5)

    def _finding(self, story: Story, finding: Finding) -> str:
        """Rule, what was found, what was asked for, and the note."""
        mark = "✓" if finding.ok else "!" if finding.severity == "warn" else "✗"
        said = [printable(finding.note)] if finding.note else []
        if finding.sure != "measured":
            said.append(finding.sure)
        note = f" ({'; '.join(said)})" if said else ""
        if isinstance(finding.found, bool) and finding.limit is None:
            return f"{mark} {finding.rule}{'' if finding.ok else ' does not hold'}{note}"
        text = f"{mark} {finding.rule}: {self._value(story, finding, finding.found)}"
        if finding.limit is not None:
            limit = self._value(story, finding, finding.limit)
            asked = {"at most": f", at most {limit} is allowed", "at least": f", at least {limit} is demanded"}
            text += asked.get(beyond(finding), f", the limit is {limit}")
        return text + note

    def _value(self, story: Story, finding: Finding, value: int | str | bool) -> str:
        """A value in its unit. Base units are of the quote asset, but for the two rules that count the token."""
        unit = finding.unit
        if isinstance(value, bool | str):
            return printable(str(value))
        if unit == "bps":
            return percent(value)
        if unit == "wei":
            return f"{coins(value, 18)} ether"
        asset = finding.note if finding.rule == "cash" and finding.note else self._counted(story, finding.rule)
        if unit == "base units" and asset:
            return self._words.amount(value, asset)
        return f"{value:,} {unit}".rstrip()

    def _counted(self, story: Story, rule: str) -> str:
        if story.is_at_exchange:
            of_it = [each for each in self._chronicle.instruments.values() if each.held == story.formed.token]
            placed = story.at_desk.placed.instrument if story.at_desk is not None else of_it[0] if of_it else None
            return placed.quote if placed is not None else ""
        if rule == "quote-still-holds" or (rule == "amount" and not story.is_entry):
            return story.formed.token
        if story.sized is not None:
            return story.sized.entry.quote
        if story.is_arbitrage or story.is_transfer:
            return story.formed.token
        return story.holding.position.quote if story.holding else ""

    # ---- refused ----

    def _refused(self, story: Story, verdict: f.Verdict) -> Section:
        section = Section(f"Refused by {verdict.rule}")
        check, _, rule = verdict.rule.partition(".")
        for judged in story.judged:
            for finding in judged.findings:
                if judged.check == check and finding.rule == rule and not finding.ok:
                    section.lines.append(Line(self._finding(story, finding)[2:] + "."))
                    section.lines.append(Line(meaning(check, finding)))
        if check in self._about:
            section.lines.append(Line(f"What {check} is about: {self._about[check]}."))
        if story.is_arbitrage or story.is_transfer:
            return section  # what is found next is another one
        if story.waits is not None:
            retry = story.waits.retry
            earliest = f", not before {duration(retry.not_before - verdict.time)}" if retry.not_before else ""
            section.lines.append(Line(f"It may fare better {awaited(retry)}{earliest}: the strategy is told then."))
            came = "has not come" if story.due is None else f"came {duration(story.due - verdict.time)} later"
            section.lines.append(Line(f"That {came}."))
        elif verdict.retry_at is not None:
            wait = duration(verdict.retry_at - verdict.time)
            section.lines.append(Line(f"It may fare better after {wait}, so the strategy may try again then."))
        else:
            section.lines.append(Line("Trying again with the same facts would not change that."))
        again = [
            other
            for other in self._chronicle.stories.values()
            if other.is_entry
            and (other.account, other.formed.token, other.formed.instance)
            == (story.account, story.formed.token, story.formed.instance)
            and other.formed.time >= verdict.time
            and other is not story
        ]
        for outcome, group in groupby(again, key=self._outcome):
            tries = list(group)
            first, last = (duration(tries[at].formed.time - verdict.time) for at in (0, -1))
            if len(tries) == 1:
                section.lines.append(Line(f"Tried again {first} later as {tries[0].id}: {outcome}."))
            else:
                ids = f"{tries[0].id} to {tries[-1].id}"
                section.lines.append(
                    Line(f"Tried again {len(tries)} times, {first} to {last} later, {ids}: {outcome}.")
                )
        if not again:
            section.lines.append(Line("It was not tried again."))
        return section

    # ---- orders ----

    def _order(self, title: str, order: OrderStory) -> Section:
        section = Section(title)
        section.lines += self._placed(order)
        section.lines += self._carried_out(order)
        return section

    def _placed(self, order: OrderStory) -> Iterator[Line]:
        placed, words = order.placed, self._words
        if self._chronicle.book(order.account).wallets:
            yield Line(f"From wallet {placed.owner}.")
        if placed.side == "transfer":
            yield Line(f"Sends {words.amount(placed.amount_in, placed.quote)} to {receiver(placed)}.")
            return
        if placed.range is not None:
            yield from map(Line, range_telling.placed(placed, words))
            return
        pays, gets = (placed.token, placed.quote) if placed.side == "reduce" else (placed.quote, placed.token)
        yield Line(
            f"Pays {words.amount(placed.amount_in, pays)} for {words.amount(placed.expected_out, gets)} expected, at "
            f"least {words.amount(placed.min_out, gets)}{_slippage(placed)}."
        )
        if placed.route is not None:
            yield from self._legs(placed, placed.route)
        if placed.side == "arbitrage":
            reserved = f"{words.amount(placed.cash, placed.quote)} to pay, {coins(placed.gas, 18)} ether for gas"
            yield Line(f"Reserved: {reserved}.")
        if placed.side == "increase":
            yield Line(
                f"Reserved: {words.amount(placed.cash, placed.quote)} to pay, {coins(placed.gas, 18)} ether for gas, "
                f"{coins(placed.exit_gas, 18)} ether for the gas of the way out."
            )

    def _legs(self, placed: f.OrderPlaced, route: f.PlacedRoute) -> Iterator[Line]:
        """Which pools carry how much of it, and how far from the best route that can be."""
        words, out = self._words, placed.expected_out
        if placed.side == "arbitrage":
            least = words.amount(route.direct_out, placed.quote)
            yield Line(f"Over {len(route.legs)} pools through {route.venue}; worth its gas from {least} on:")
            yield from self._pools(placed, route)
            return
        more = as_percent(Fraction(out, route.direct_out) - 1)
        gap = ""
        if route.bound is not None and route.bound >= out:  # it speaks of the pools as the router saw them
            gap = f"; at most {as_percent(1 - Fraction(out, route.bound))} below the best route"
        yield Line(
            f"Over {len(route.legs)} pools through {route.venue} ({printable(route.method)}), {more} more than one "
            f"pool alone, before gas{gap}:"
        )
        yield from self._pools(placed, route)

    def _pools(self, placed: f.OrderPlaced, route: f.PlacedRoute) -> Iterator[Line]:
        """What each pool is sold, and what it gives for it."""
        words = self._words
        money = route.legs[-1].coin_out if placed.side == "reduce" else route.legs[0].coin_in
        ends = {money: placed.quote, split_asset(placed.token)[1]: placed.token}
        sold = Counter[str]()
        for leg, (amount, _) in zip(route.legs, route.amounts, strict=True):
            sold[leg.coin_in] += amount
        for leg, (amount, bought) in zip(route.legs, route.amounts, strict=True):
            pays, gets = (ends.get(coin, asset_id(placed.chain_id, coin)) for coin in (leg.coin_in, leg.coin_out))
            share = as_percent(Fraction(amount, sold[leg.coin_in] or 1))
            yield Line(
                f"{share} {leg.amm} {short(leg.pool)}: {words.amount(amount, pays)} → {words.amount(bought, gets)}",
                depth=2,
            )

    def _carried_out(self, order: OrderStory) -> Iterator[Line]:
        purposes = order.purposes
        for number, attempt in enumerate(order.attempts.values()):
            yield from self._attempt(order, attempt, f"Transaction {number + 1}, {purpose(attempt.made, purposes)}")
        for reopened in order.reopened:
            yield Line(f"{clock(reopened.time)}: a reorg took back a block of it; it went on from there.", WARN)
        if order.ended is None:
            yield Line("It is still under way.", WARN)
        else:
            reason = f": {printable(order.ended.reason)}" if order.ended.reason else ""
            took = duration(order.ended.time - order.placed.time)
            style = GOOD if order.ended.state == "done" else BAD
            yield Line(f"The order {_ENDS[order.ended.state]} {took} after it was placed{reason}.", style)

    def _attempt(self, order: OrderStory, attempt: AttemptStory, title: str) -> Iterator[Line]:
        made = attempt.made
        replaces = f", takes the place of {made.replaces}" if made.replaces else ""
        yield Line(f"{title}: {attempt.state}{replaces}")
        yield Line(
            f"nonce {made.nonce}; offers {gwei(made.bid.max_priority_fee)} of tip, at most {gwei(made.bid.max_fee)} "
            "per gas",
            depth=2,
        )
        if attempt.tx_hash:
            yield Line(f"hash {attempt.tx_hash}", PALE, 2)
        stages = list(_stages(attempt))
        if stages:
            yield Line(", ".join(stages), depth=2)
        for word in attempt.words:
            if word.outcome not in ("accepted", "known"):
                message = f": {printable(word.message)}" if word.message else ""
                yield Line(f"the node said {word.outcome}{message}", WARN, 2)
        note = attempt.moves[-1].note if attempt.moves else ""
        receipt = attempt.receipt
        if note and (receipt is None or receipt.ok):
            yield Line(printable(note), WARN, 2)
        if receipt is not None:
            yield from self._receipt(order, attempt, receipt)

    def _receipt(self, order: OrderStory, attempt: AttemptStory, receipt: Settled) -> Iterator[Line]:
        words, placed = self._words, order.placed
        fate = "succeeded" if receipt.ok else f"reverted: {printable(receipt.revert_reason) or 'without a reason'}"
        gas = receipt.gas_used * receipt.gas_price
        data = f", and its data {coins(receipt.data_fee, 18)} ether" if receipt.data_fee else ""
        yield Line(
            f"{fate} in block {receipt.block}; {receipt.gas_used:,} gas at {gwei(receipt.gas_price)} cost "
            f"{coins(gas, 18)} ether{data}",
            GOOD if receipt.ok else BAD,
            2,
        )
        for booked in attempt.booked:
            back = "taken back by a reorg: " if booked.undo else ""
            amount, cash = abs(booked.amount), abs(booked.cash)
            if placed.range is not None:
                tone = WARN if booked.undo else GOOD
                yield from (Line(line, tone, 2) for line in range_telling.booked(booked, placed, words))
                continue
            if booked.cash and placed.side == "transfer":
                yield Line(f"{back}sent {words.amount(cash, placed.quote)}", WARN if booked.undo else GOOD, 2)
                continue
            if booked.cash and not booked.amount and placed.side == "arbitrage":
                word = "gained" if (booked.cash > 0) != booked.undo else "lost"
                yield Line(f"{back}{word} {words.amount(cash, placed.quote)}", WARN if booked.undo else GOOD, 2)
                continue
            if booked.amount or booked.cash:
                bought = (booked.cash < 0) != booked.undo
                verb, preposition = ("bought", "for") if bought else ("sold", "for")
                yield Line(
                    f"{back}{verb} {words.amount(amount, placed.token)} {preposition} "
                    f"{words.amount(cash, placed.quote)}",
                    WARN if booked.undo else GOOD,
                    2,
                )

    # ---- the position ----

    def _held_at_exchange(self, holding: Holding) -> Section:
        """In short: a strategy may trade one position a thousand times."""
        words, position = self._words, holding.position
        section = Section("Position")
        began = f"Opened {clock(position.opened_at)}" if position.opened_at else "Begun before this record"
        section.lines.append(Line(f"{began}; {len(holding.entries)} entries, {len(holding.sales)} reductions."))
        for adjusted in holding.adjusted:
            amount = words.amount(adjusted.delta, holding.token)
            section.lines.append(Line(f"Adjusted by {amount}: {printable(adjusted.reason)}.", WARN))
        for forced in holding.forced:
            size = forced.instrument.size(forced.fill.size)
            section.lines.append(
                Line(f"{clock(forced.time)}: the exchange closed {size:,f} itself ({forced.fill.forced}).", BAD)
            )
        gained = words.amount(abs(holding.realised), position.quote)
        word, style = ("Profit", GOOD) if holding.realised >= 0 else ("Loss", BAD)
        if holding.closed:
            section.lines.append(
                Line(f"Closed {duration(holding.ended - position.opened_at)} later. {word} {gained}.", style)
            )
            return section
        held, cost = words.amount(position.amount, holding.token), words.amount(position.cost, position.quote)
        section.lines.append(Line(f"Held now: {held}, which cost {cost}. {word} realised so far: {gained}.", WARN))
        if holding.unguarded:
            section.lines.append(Line(f"Nothing guards it: {printable(holding.unguarded)}.", BAD))
        return section

    def _held(self, story: Story, holding: Holding) -> Iterator[Section]:
        words, position = self._words, holding.position
        section = Section("Position")
        bought = sum(entry.order.total("amount") for entry in holding.entries if entry.order)
        section.lines.append(
            Line(f"Opened in block {position.opened_block} with {words.amount(bought, holding.token)}.")
        )
        for entry in holding.entries:
            if entry is not story:
                section.lines.append(Line(f"{entry.id} bought for it too.", PALE))
        for adjusted in holding.adjusted:
            amount = words.amount(adjusted.delta, holding.token)
            section.lines.append(Line(f"Adjusted by {amount}: {printable(adjusted.reason)}.", WARN))
        if holding.closed:
            section.lines.append(Line(f"Closed {duration(holding.moves[-1].time - position.opened_at)} later."))
        else:
            held, cost = words.amount(position.amount, holding.token), words.amount(position.cost, position.quote)
            tries = f" after {position.failures} failed sales in a row" if position.failures else ""
            section.lines.append(Line(f"Held now: {held}, which cost {cost}; it is {holding.state}{tries}.", WARN))
        if holding.unguarded:
            section.lines.append(Line(f"Nothing guards it: {printable(holding.unguarded)}.", BAD))
        yield section
        yield from self._sales(holding)
        yield self._profit(holding)

    def _sales(self, holding: Holding) -> Iterator[Section]:
        """Each exit; one that came to nothing again and again for the same reason is told once."""
        groups = [list(group) for _, group in groupby(holding.sales, key=_in_vain)]
        told = [
            tries for group in groups for tries in ([group] if _in_vain(group[0])[0] else [[sale] for sale in group])
        ]
        for number, tries in enumerate(told, 1):
            yield self._sale(holding, number, tries)

    def _sale(self, holding: Holding, number: int, tries: Sequence[Story]) -> Section:
        sale = tries[0]
        section = Section(f"Exit {number}: {sale.id}")
        after = duration(max(0, sale.formed.time - holding.position.opened_at))
        share = "all" if sale.formed.share_bps in (0, BPS) else percent(sale.formed.share_bps)
        urgent = ", urgently" if sale.formed.urgent else ""
        section.lines += [
            Line(f"{after} after the purchase: {self._event(sale)}"),
            Line(f"To sell {share}{urgent}: {printable(sale.formed.reason)}"),
        ]
        if sale.verdict is not None and not sale.verdict.allowed:
            section.lines.append(Line(f"Refused by {sale.verdict.rule}.", BAD))
            for judged in sale.judged:
                for finding in judged.findings:
                    if not finding.ok:
                        section.lines.append(Line(self._finding(sale, finding), BAD, 2))
                        section.lines.append(Line(meaning(judged.check, finding), depth=2))
        if sale.order is not None:
            section.lines += self._placed(sale.order)
            section.lines += self._carried_out(sale.order)
        if len(tries) > 1:
            until = duration(tries[-1].formed.time - sale.formed.time)
            gas = sum(again.order.total("gas") for again in tries[1:] if again.order)
            cost = f", and cost {coins(gas, 18)} ether of gas more" if gas else ""
            text = (
                f"Tried {len(tries) - 1} times more within {until}, up to {tries[-1].id}, with the same result{cost}."
            )
            section.lines.append(Line(text, BAD))
        return section

    def _profit(self, holding: Holding) -> Section:
        words, quote = self._words, holding.position.quote
        paid = -sum(entry.order.total("cash") for entry in holding.entries if entry.order)
        received = sum(sale.order.total("cash") for sale in holding.sales if sale.order)
        gas, realised = holding.total("gas"), holding.total("realised")
        section = Section("Profit" if holding.closed else "Profit so far")
        native = split_asset(quote)[1] == NATIVE
        counted = "" if native else " (gas is not counted in the profit, it is paid in another coin)"
        flows = (
            f"Paid {words.amount(paid, quote)}, received {words.amount(received, quote)}, gas {coins(gas, 18)} ether."
        )
        section.lines.append(Line(flows))
        if not holding.closed and not realised:
            section.lines.append(Line("Nothing is realised yet."))
            return section
        share = f", {percent(abs(realised) * BPS // paid)} of what was paid" if paid else ""
        word, style = ("Profit", GOOD) if realised >= 0 else ("Loss", BAD)
        section.lines.append(Line(f"{word} {words.amount(abs(realised), quote)}{share}{counted}.", style))
        return section


_ENDS = {"done": "was done", "failed": "failed", "cancelled": "was cancelled"}


def _said(seen: SignalHeard, cause: str) -> str:
    """What completed a signal, whose id stands in the cause."""
    told = f"signal {printable(cause.rpartition(' ')[2])}: {seen.kind}"
    about = ", ".join(map(printable, seen.about))
    words = "; ".join(printable(each) for each in (seen.text, seen.url) if each)
    source = f"as {seen.source} said {clock(seen.at)}"
    return f"{told}{f' of {about}' if about else ''}, {source}{f': {words}' if words else ''}"


def _style(finding: Finding) -> str:
    return PALE if finding.ok else WARN if finding.severity == "warn" else BAD


def purpose(made: f.AttemptMade, purposes: list[str]) -> str:
    """What a transaction is for."""
    if made.step == NO_STEP:
        return "for a nonce that a reorg gave back"
    return "cancellation" if made.cancel else purposes[made.step]


def _slippage(placed: f.OrderPlaced) -> str:
    if not placed.expected_out or placed.side == "arbitrage":
        return ""
    return f" ({percent((placed.expected_out - placed.min_out) * BPS // placed.expected_out)} less, taxes included)"


def _stages(attempt: AttemptStory) -> Iterator[str]:
    """How long each stage took, each from the end of the one before."""
    since = attempt.made.time
    settled = attempt.receipt.time if attempt.receipt else None
    for word, at in (("signed", attempt.reached("signed")), ("sent", attempt.reached("sent")), ("in a block", settled)):
        if at is not None:
            yield f"{word} after {duration(at - since)}"
            since = at


def _in_vain(sale: Story) -> tuple[str, str]:
    """What makes two sales that came to nothing alike: how they ended, and why they were wanted; "" for any other."""
    ended = sale.order.ended if sale.order else None
    if sale.verdict is not None and not sale.verdict.allowed:
        return sale.verdict.rule, sale.formed.reason
    if ended is not None and ended.state != "done":
        return f"{ended.state} {ended.reason}", sale.formed.reason
    return "", sale.formed.reason
