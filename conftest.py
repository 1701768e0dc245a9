"""How fast a machine is says nothing of the code: no test fails because examples came or ran slowly. Nor does what its
user installed: the shelf of plugins and the registries are directories that are not there."""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")
os.environ["SNIPER_REGISTRIES"] = str(Path(tempfile.gettempdir()) / f"sniper-no-registries-{os.getpid()}")
os.environ["SNIPER_PLUGINS"] = str(Path(tempfile.gettempdir()) / f"sniper-no-shelf-{os.getpid()}")
