import pytest

from sniper.signer import SignRequest
from sniper_sdk import PackageConformance, SignerConformance
from sniper_sdk.signer_world import SignerWorld


class TestPackage(PackageConformance):
    distribution = "sniper-signer-vault"


class TestVault(SignerConformance):
    @pytest.fixture
    def allowed(self) -> SignRequest:
        return SignerWorld.entry(value=1)
