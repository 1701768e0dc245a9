from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sniper.executor import Submission
from sniper.types import Mode
from sniper_executor_shadow import sniper_executors
from sniper_executor_shadow.executor import Shadow, ShadowConfig
from sniper_sdk import ExecutorConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-executor-shadow"


class TestShadow(ExecutorConformance):
    executor_type = Shadow

    @pytest.fixture
    def executor(self) -> Shadow:
        nothing: Any = None  # Any: it has no use for its context
        return Shadow(ShadowConfig(), nothing)

    @pytest.fixture
    def submission(self) -> Submission:
        return Submission(
            account="main", attempt="main/s/1.0#1", chain_id=1, owner="0x" + "11" * 20, purpose="entry", nonce=0,
            gas=21_000, max_fee=1, max_priority_fee=1, tx_hash="", raw=b"", swap=None, held=(),
        )  # fmt: skip

    @pytest.fixture
    def include(self) -> Callable[[], Awaitable[None]]:
        async def included() -> None:
            pass

        return included


def test_the_spec_names_its_modes() -> None:
    assert {Mode(mode) for mode in sniper_executors()[0].modes} == Shadow.modes
