"""What ``pytest --sniper-plugin DIST`` collects: its classes are made for the distributions that were named."""

from sniper_sdk.conformance import chosen
from sniper_sdk.conformance.generic import suites

for _distribution in chosen.distributions:
    globals().update(suites(_distribution))
