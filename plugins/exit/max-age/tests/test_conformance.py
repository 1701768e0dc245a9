from sniper_exit_max_age.rule import MaxAge, MaxAgeConfig
from sniper_sdk import ExitConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-exit-max-age"


class TestMaxAge(ExitConformance):
    exit = MaxAge
    config = MaxAgeConfig()
