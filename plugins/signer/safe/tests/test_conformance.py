from sniper_sdk import PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-signer-safe"
