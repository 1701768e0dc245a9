"""``python -m sniper``: the command line."""

import sys

from sniper.cli import main

sys.exit(main())
