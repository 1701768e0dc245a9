"""Settings of the property tests: HYPOTHESIS_PROFILE is `ci` (default, the same examples each time) or `long`."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

QUIET = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=150, suppress_health_check=QUIET)
settings.register_profile(
    "long",
    deadline=None,
    max_examples=3_000,
    suppress_health_check=QUIET,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

sys.path.insert(0, str(Path(__file__).parent))  # for `world`, which several modules here share
