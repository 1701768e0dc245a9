"""A process that has loaded what the bot needs at an exchange and, for each line that it reads, becomes the bot once.

A line is JSON: the words after ``python -m sniper``, and the file for what is printed. It answers with the process id
of its copy, and with that one's exit code when it has ended.
"""

import json
import os
import runpy
import sys
from importlib import import_module

LOADED = (
    "ccxt.pro",
    "ccxt.async_support",
    "sniper.cli.run",
    "sniper.runtime.run",
    "sniper.settings.load",
    "sniper.settings.resolver",
    "sniper_risk_limits.check",
    "sniper_sizer_fixed.sizer",
    "sniper_venue_ccxt.exchange",
    "uvloop",
)


def main() -> None:
    """Until its input ends."""
    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        words, log = json.loads(line)
        copy = os.fork()
        if not copy:
            _become(words, log)
            return
        print(copy, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)


def _become(words: list[str], log: str) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    printed = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    sys.argv[1:] = words
    runpy.run_module("sniper", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
