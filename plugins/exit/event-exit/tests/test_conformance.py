from sniper_exit_event_exit.rule import EventExit, EventExitConfig
from sniper_sdk import ExitConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-exit-event-exit"


class TestEventExit(ExitConformance):
    exit = EventExit
    config = EventExitConfig()
