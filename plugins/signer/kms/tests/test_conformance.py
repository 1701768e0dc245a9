from sniper_sdk import PackageConformance, SignerConformance


class TestPackage(PackageConformance):
    distribution = "sniper-signer-kms"


class TestKms(SignerConformance):
    pass
