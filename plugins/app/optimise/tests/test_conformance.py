from sniper_sdk import PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-app-optimise"
