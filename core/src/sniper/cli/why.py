"""``sniper why``: the whole story of one intent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from sniper.cli.invocation import Invocation
from sniper.cli.output import json_option, print_json

if TYPE_CHECKING:
    from sniper.cli.story import AttemptStory, Chronicle, Holding, OrderStory, Story


@click.command()
@click.argument("name", metavar="ID")
@json_option
@click.pass_obj
def why(invocation: Invocation, name: str, as_json: bool) -> None:
    """Tell the story of ID: what was seen, why it was wanted or refused, how it was bought, and how it ended.

    ID is an intent, an order, an attempt, a transaction hash, or a token by its address, asset id or symbol. Of a
    token the newest story is told, and the others are listed. Read from the journal, whether the bot runs or not.
    """
    from sniper.cli.story import Chronicle
    from sniper.cli.telling import show, tell

    chronicle = Chronicle.of(invocation.settings().data_dir)
    stories = chronicle.find(name)
    story, others = _newest(stories)
    if as_json:
        told = story.holding.entries[0] if story.holding and not story.is_at_exchange else story
        print_json({**story_of(told, chronicle), "asked": story.id, "others": [other.id for other in others]})
        return
    show(tell(story, chronicle, _about(invocation)))
    if others:
        click.echo(f"\nOther stories of {name}, newest first:")
        for other in others:
            click.echo(f"  sniper why {other.id}")


def _newest(stories: "Sequence[Story]") -> "tuple[Story, list[Story]]":
    """The newest story, and the others, newest first; a sale is part of the story of what it sells."""
    newest = stories[-1]
    part = newest.holding.entries if newest.holding and not newest.is_at_exchange else []
    told = (s for s in reversed(stories) if s.formed.side != "reduce" or s.is_at_exchange)
    others = [s for s in told if s is not newest and s not in part]
    return newest, others


def _about(invocation: Invocation) -> dict[str, str]:
    """What each check that the config names is about."""
    settings = invocation.settings()
    summaries = {spec.name: spec.summary for kind in ("risk", "policy") for spec in invocation.survey().specs(kind)}
    sections = {**settings.risk, **settings.policy}
    for account in settings.account.values():
        sections |= account.risk
    plugins = {name: section.plugin or name for name, section in sections.items()}
    return {name: summaries[plugin] for name, plugin in plugins.items() if plugin in summaries}


# ---- as data ----


def story_of(story: "Story", chronicle: "Chronicle") -> dict[str, Any]:
    """The same as data: amounts in base units, times in ns UTC. Any: JSON."""
    from sniper.cli.orders import at_desk, planned

    token = chronicle.tokens.get(story.formed.token)
    return {
        "intent": story.id,
        "account": story.account,
        "mode": story.mode,
        "token": {
            "asset": story.formed.token,
            "symbol": token.symbol if token else None,
            "decimals": 18 if story.is_at_exchange else token.decimals if token else None,
        },
        "formed": plain(story.formed),
        "seen": plain(story.seen),
        "sized": plain(story.sized),
        "amm": chronicle.amms.get(story.sized.entry.pool) if story.sized else None,
        "checks": [plain(judged) for judged in story.judged],
        "probes": {name: {"asked": asked, "answered": answered} for name, (asked, answered) in story.probes.items()},
        "verdict": plain(story.verdict),
        "order": _order(story.order) if story.order else None,
        "exchange_order": at_desk(story.at_desk) if story.at_desk else None,
        "plan": planned(story.plan) if story.plan else None,
        "position": _holding(story.holding) if story.holding else None,
    }


def _holding(holding: "Holding") -> dict[str, Any]:
    position = holding.position
    return {
        "token": holding.token,
        "state": holding.state,
        "amount": position.amount,
        "cost": position.cost,
        "opened_at": position.opened_at,
        "opened_block": position.opened_block,
        "realised": holding.realised,
        "gas": holding.total("gas"),
        "adjusted": [plain(adjusted) for adjusted in holding.adjusted],
        "entries": [entry.id for entry in holding.entries],
        "exits": [
            {
                "formed": plain(sale.formed),
                "checks": [plain(judged) for judged in sale.judged],
                "verdict": plain(sale.verdict),
                "order": _order(sale.order) if sale.order else None,
            }
            for sale in holding.sales
        ],
    }


def _order(order: "OrderStory") -> dict[str, Any]:
    return {
        **plain(order.placed),
        "state": order.state,
        "ended": plain(order.ended),
        "reorgs": [plain(reopened) for reopened in order.reopened],
        "attempts": [attempt_of(attempt) for attempt in order.attempts.values()],
    }


def attempt_of(attempt: "AttemptStory") -> dict[str, Any]:
    """A transaction as data. Any: JSON."""
    return {
        **plain(attempt.made),
        "state": attempt.state,
        "tx_hash": attempt.tx_hash,
        "moves": [{"time": move.time, "state": move.state, "note": move.note} for move in attempt.moves],
        "answers": [{"time": w.time, "outcome": w.outcome, "message": w.message} for w in attempt.words],
        "receipt": plain(attempt.receipt),
        "receipts": plain(attempt.receipts),
        "booked": [plain(booked) for booked in attempt.booked],
    }


def plain(value: Any) -> Any:
    """A struct as JSON. Any: whatever its fields hold."""
    if hasattr(value, "__struct_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return f"0x{value.hex()}" if isinstance(value, bytes) else value
