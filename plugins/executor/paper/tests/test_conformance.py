from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sniper.executor import Submission, Swap
from sniper.types import NATIVE, Mode
from sniper_executor_paper import sniper_executors
from sniper_executor_paper.executor import Paper, PaperConfig
from sniper_sdk import ExecutorConformance, PackageConformance
from sniper_sdk.builders import CHAIN, POOL, address

TOKEN = address(0x70)


class TestPackage(PackageConformance):
    distribution = "sniper-executor-paper"


class Market:
    """The kernel's state, as the executor may see it."""

    number = 100

    def endpoints(self, chain_id: int) -> Any:
        raise AssertionError("paper needs no endpoint")

    def block(self, chain_id: int) -> int:
        return self.number

    def base_fee(self, chain_id: int) -> int:
        return 10

    def quote(self, swap: Swap) -> int:
        return swap.amount_in * 2


class Played(ExecutorConformance):
    executor_type = Paper

    @pytest.fixture
    def market(self) -> Market:
        return Market()

    @pytest.fixture
    def executor(self, market: Market) -> Paper:
        return Paper(PaperConfig(), market)

    @pytest.fixture
    def include(self, market: Market) -> Callable[[], Awaitable[None]]:
        async def included() -> None:
            market.number += 1

        return included


class TestPurchase(Played):
    @pytest.fixture
    def submission(self) -> Submission:
        return submission(min_out=2000)


class TestPurchaseThatReverts(Played):
    @pytest.fixture
    def submission(self) -> Submission:
        return submission(min_out=2001)


def test_the_spec_names_its_modes() -> None:
    assert {Mode(mode) for mode in sniper_executors()[0].modes} == Paper.modes


def submission(min_out: int) -> Submission:
    swap = Swap(
        chain_id=CHAIN, owner=address(1), token_in=NATIVE, token_out=TOKEN, pool=POOL, amm="constant-product",
        pool_data=0, amount_in=1000, min_out=min_out, deadline=0, allowance=0, opens=True,
    )  # fmt: skip
    return Submission(
        account="main", attempt="main/s/1.0#1", chain_id=CHAIN, owner=address(1), purpose="entry", nonce=0, gas=21_000,
        max_fee=50, max_priority_fee=3, tx_hash="", raw=b"", swap=swap, held=((TOKEN, 7),),
    )  # fmt: skip
