from typing import Any

import pytest

from sniper.signer import SignRequest
from sniper_sdk import PackageConformance, SignerConformance


class TestPackage(PackageConformance):
    distribution = "sniper-signer-keystore"


class TestKeystore(SignerConformance):
    @pytest.fixture
    def allowed(self, world: Any) -> SignRequest:
        request: SignRequest = world.entry(value=1)
        return request
