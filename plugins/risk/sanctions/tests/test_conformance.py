from pathlib import Path

import pytest

from sniper_risk_sanctions.policy import Sanctions, SanctionsConfig
from sniper_sdk import PackageConformance, RiskConformance
from sniper_sdk.strategies import TOKENS


class TestPackage(PackageConformance):
    distribution = "sniper-risk-sanctions"


class TestSanctions(RiskConformance):
    check = Sanctions
    config = SanctionsConfig()

    @pytest.fixture(autouse=True)
    def _list(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "list.txt"
        path.write_text("\n".join(token.partition(":")[2] for token in TOKENS[:2]))
        lists = [{"path": str(path), "date": "2023-11-15", "source": "a test"}]
        config = SanctionsConfig(lists=lists, max_age_days=20, require_deployer=True)
        monkeypatch.setattr(type(self), "config", config)


class TestWithoutAList(RiskConformance):
    check = Sanctions
    config = SanctionsConfig()
