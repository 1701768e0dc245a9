"""What a worker uses, as the kernel counts it."""

import re
import time
from pathlib import Path

from sniper.plugin import Frozen

_CPU_OF_PROCESS = 2  # CPUCLOCK_SCHED; clock_getcpuclockid(3) makes the same of a process id


class Used(Frozen):
    """memory  Bytes of it that are in memory now.
    peak    The most that ever were.
    cpu_ns  Processor time since its start.
    """

    memory: int
    peak: int
    cpu_ns: int


def used(pid: int) -> Used:
    """Raises `ProcessLookupError` where the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        cpu_ns = time.clock_gettime_ns((~pid << 3) | _CPU_OF_PROCESS)
    except OSError as error:
        raise ProcessLookupError(f"process {pid} has ended") from error
    kibibytes = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.MULTILINE))
    if not kibibytes:  # a process that ended and was not waited for has no memory
        raise ProcessLookupError(f"process {pid} has ended")
    return Used(memory=int(kibibytes["VmRSS"]) << 10, peak=int(kibibytes["VmHWM"]) << 10, cpu_ns=cpu_ns)
