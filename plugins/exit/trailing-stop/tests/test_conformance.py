from sniper_exit_trailing_stop.rule import TrailingStop, TrailingStopConfig
from sniper_sdk import ExitConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-exit-trailing-stop"


class TestTrailingStop(ExitConformance):
    exit = TrailingStop
    config = TrailingStopConfig()
