from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper import codec
from sniper.errors import RpcError
from sniper.io import Trade
from sniper.risk import Finding
from sniper.types import BPS
from sniper_risk_honeypot.check import Honeypot, HoneypotConfig, RoundTrip
from sniper_sdk.builders import POOL, entry, view

AMOUNT = 10**17


@dataclass
class Rehearsal:
    """An `Io` whose fork plays two prepared trades and notes what was asked of it."""

    bought: Trade
    sold: Trade
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    block: int = 7

    async def fork(self, chain_id: int) -> "Rehearsal":
        assert chain_id == 1
        return self

    async def chain(self, chain_id: int) -> "Rehearsal":
        raise AssertionError("the probe trades, it need not read")

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        raise AssertionError("the probe trades, it need not read")

    async def buy(self, pool: str, amount: int) -> Trade:
        self.asked.append(("buy", pool, amount))
        return self.bought

    async def sell(self, pool: str, amount: int) -> Trade:
        self.asked.append(("sell", pool, amount))
        return self.sold


def trade(paid: int, received: int, expected: int, *, gas: int = 150_000, reverted: str = "") -> Trade:
    return Trade(paid=paid, received=received, expected=expected, gas_used=gas, reverted=reverted)


FAIR_BUY, FAIR_SALE = trade(AMOUNT, 1000, 1000), trade(1000, 99 * 10**15, 99 * 10**15)


def judge(evidence: RoundTrip, **section: Any) -> dict[str, Finding]:
    check = Honeypot(config=HoneypotConfig(**section))
    return {finding.rule: finding for finding in check.judge(entry(AMOUNT), view(), evidence)}


async def rehearse(bought: Trade = FAIR_BUY, sold: Trade = FAIR_SALE) -> RoundTrip:
    evidence = await Honeypot(config=HoneypotConfig()).probe(entry(AMOUNT), Rehearsal(bought, sold))
    assert codec.decode(codec.encode(evidence), RoundTrip) == evidence
    return evidence


def failed(evidence: RoundTrip, **section: Any) -> list[str]:
    return [rule for rule, finding in judge(evidence, **section).items() if not finding.ok]


async def test_buys_the_amount_and_sells_all_that_came_of_it() -> None:
    io = Rehearsal(trade(AMOUNT, 950, 1000), trade(950, 90 * 10**15, 95 * 10**15, gas=200_000))
    evidence = await Honeypot(config=HoneypotConfig()).probe(entry(AMOUNT), io)
    assert io.asked == [("buy", POOL, AMOUNT), ("sell", POOL, 950)]
    assert (evidence.block, evidence.paid, evidence.bought, evidence.sold) == (7, AMOUNT, 950, 950)
    assert (evidence.buy_tax_bps, evidence.sell_tax_bps, evidence.sell_gas) == (500, 527, 200_000)


async def test_a_fair_token_passes_every_rule() -> None:
    findings = judge(await rehearse())
    assert list(findings) == ["can-buy", "buy-tax", "can-sell", "sell-tax", "round-trip-loss", "sell-gas"]
    assert all(finding.ok for finding in findings.values())
    assert findings["round-trip-loss"].found == 100


async def test_a_token_that_does_not_trade_yet_may_be_tried_again() -> None:
    evidence = await rehearse(trade(0, 0, 1000, reverted="trading is not enabled"))
    findings = judge(evidence, retry_after_s=9)
    assert list(findings) == ["can-buy"]
    assert (findings["can-buy"].ok, findings["can-buy"].retry_after_s) == (False, 9)
    assert findings["can-buy"].note == "trading is not enabled"
    assert judge(evidence, retry_after_s=0)["can-buy"].retry_after_s is None
    assert (evidence.buy_tax_bps, evidence.sell_tax_bps) == (None, None)


async def test_nothing_is_sold_when_nothing_was_bought() -> None:
    io = Rehearsal(trade(AMOUNT, 0, 1000), FAIR_SALE)
    evidence = await Honeypot(config=HoneypotConfig()).probe(entry(AMOUNT), io)
    assert [ask[0] for ask in io.asked] == ["buy"]
    assert evidence.buy_tax_bps == BPS
    assert failed(evidence) == ["can-buy"]


async def test_a_purchase_that_reverted_brought_nothing_whatever_a_balance_says() -> None:
    io = Rehearsal(trade(AMOUNT, 1000, 1000, reverted="x"), FAIR_SALE)
    evidence = await Honeypot(config=HoneypotConfig()).probe(entry(AMOUNT), io)
    assert [ask[0] for ask in io.asked] == ["buy"]
    assert (evidence.bought, evidence.buy_tax_bps) == (0, None)


async def test_a_token_that_cannot_be_sold_is_refused_for_good() -> None:
    findings = judge(await rehearse(sold=trade(0, 0, 10**17, reverted="TransferHelper: TRANSFER_FROM_FAILED")))
    assert not findings["can-sell"].ok
    assert findings["can-sell"].retry_after_s is None
    assert "TRANSFER_FROM_FAILED" in findings["can-sell"].note


async def test_a_sale_that_pays_nothing_is_no_sale() -> None:
    assert failed(await rehearse(sold=trade(1000, 0, 10**17))) == ["can-sell"]


async def test_refuses_a_tax_above_the_limit_on_either_side() -> None:
    bought = await rehearse(trade(AMOUNT, 899, 1000), trade(899, 89 * 10**15, 89 * 10**15))
    assert failed(bought) == ["buy-tax"]
    sold = await rehearse(sold=trade(1000, 10**16, 10**17))
    assert failed(sold) == ["sell-tax", "round-trip-loss"]
    assert sold.sell_tax_bps == 9000


async def test_a_part_that_cannot_be_sold_shows_in_the_round_trip() -> None:
    assert failed(await rehearse(sold=trade(100, 10**16, 10**16))) == ["round-trip-loss"]


async def test_refuses_a_sale_that_burns_gas() -> None:
    assert failed(await rehearse(sold=trade(1000, 10**17, 10**17, gas=29_000_000))) == ["sell-gas"]


async def test_the_limits_can_be_moved_without_the_network() -> None:
    evidence = await rehearse()
    assert failed(evidence, max_round_trip_loss_bps=100) == []
    assert failed(evidence, max_round_trip_loss_bps=99) == ["round-trip-loss"]


async def test_what_the_chain_cannot_answer_is_not_evidence() -> None:
    class Dead(Rehearsal):
        async def buy(self, pool: str, amount: int) -> Trade:
            raise RpcError("no endpoint answers")

    with pytest.raises(RpcError):
        await Honeypot(config=HoneypotConfig()).probe(entry(AMOUNT), Dead(FAIR_BUY, FAIR_SALE))


wild = st.one_of(st.integers(), st.integers(0, 10**18), st.integers(-(2**300), 2**300), st.just(0))
trades = st.builds(Trade, paid=wild, received=wild, expected=wild, gas_used=wild, reverted=st.text(max_size=400))
lies = st.text(st.characters(), min_size=200, max_size=300)


@given(bought=trades, sold=trades)
async def test_whatever_a_token_claims_becomes_evidence_and_a_judgement(bought: Trade, sold: Trade) -> None:
    evidence = await rehearse(bought, sold)
    findings = judge(evidence)
    assert "can-buy" in findings
    if all(finding.ok for finding in findings.values()):
        assert not bought.reverted
        assert not sold.reverted
        assert evidence.returned * BPS >= evidence.paid * 8000


@given(reason=st.one_of(lies, st.text("\x00\x1b\ud800\u202e", min_size=1)))
async def test_a_revert_reason_cannot_spoil_a_terminal_or_the_journal(reason: str) -> None:
    note = judge(await rehearse(sold=trade(0, 0, 1, reverted=reason)))["can-sell"].note
    assert 0 < len(note) <= 160
    assert note.isprintable()


promised = st.integers(1, 10**40)


@given(expected=promised, received=st.integers(0, 10**40))
async def test_the_tax_is_never_understated(expected: int, received: int) -> None:
    tax = (await rehearse(trade(AMOUNT, received, expected))).buy_tax_bps
    assert tax is not None
    assert 0 <= tax <= BPS
    assert expected * (BPS - tax) <= received * BPS
    assert tax == 0 or expected * (BPS - tax + 1) > received * BPS
