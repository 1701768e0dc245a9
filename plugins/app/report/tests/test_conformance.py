from sniper_app_report.command import report
from sniper_sdk import AppConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-app-report"


class TestReport(AppConformance):
    command = report
