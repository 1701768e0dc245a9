"""How facts about stages change the books."""

from sniper.errors import IllegalTransition
from sniper.kernel import facts as f
from sniper.kernel.book import Book
from sniper.kernel.promotion.book import KEPT_ORDERS, Stage


def moved(book: Book, fact: f.StageMoved) -> None:
    before = book.stages.get(fact.instance)
    ending = f":{fact.instance}"
    base = {key.removesuffix(ending): flow.total for key, flow in book.instance_profits.items() if key.endswith(ending)}
    book.stages[fact.instance] = Stage(
        stage=fact.stage,
        share_bps=fact.share_bps,
        since=fact.time,
        reason=fact.reason,
        counts_from=fact.time if fact.back else before.counts_from if before is not None else 0,
        base=dict(sorted(base.items())),
        evidence=fact.evidence,
    )


def proposed(book: Book, fact: f.StageProposed) -> None:
    stage = book.stages.get(fact.instance)
    if stage is None:
        raise IllegalTransition(f"{fact.instance} has no stage, so none can be proposed for it")
    stage.proposed, stage.evidence = fact.stage, fact.evidence


def order_over(book: Book, instance: str, *, error: bool) -> None:
    """An order of an instance has ended."""
    stage = book.stages.get(instance)
    if stage is not None and stage.share_bps:
        stage.recent = [*stage.recent[1 - KEPT_ORDERS :], error]
