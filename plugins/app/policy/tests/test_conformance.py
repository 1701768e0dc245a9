from sniper_app_policy.check import check
from sniper_app_policy.explain import explain
from sniper_app_policy.test import test as cases
from sniper_sdk import AppConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-app-policy"


class TestCheck(AppConformance):
    command = check


class TestExplain(AppConformance):
    command = explain


class TestCases(AppConformance):
    command = cases
