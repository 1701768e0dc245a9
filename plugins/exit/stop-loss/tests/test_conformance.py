from sniper_exit_stop_loss.rule import StopLoss, StopLossConfig
from sniper_sdk import ExitConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-exit-stop-loss"


class TestStopLoss(ExitConformance):
    exit = StopLoss
    config = StopLossConfig()
