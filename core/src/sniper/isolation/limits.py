"""What a worker may use up: limits that the kernel holds it to, hard and soft alike, so that none can be raised."""

import resource

from sniper.isolation.place import Place

_DESCRIPTORS = 64
_STACK = 8 << 20


def limits(place: Place) -> tuple[tuple[int, int], ...]:
    """Each a resource (``RLIMIT_*``) with its value."""
    held = (
        (resource.RLIMIT_AS, place.memory),
        (resource.RLIMIT_CPU, place.cpu_s or resource.RLIM_INFINITY),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_STACK, _STACK),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),  # binds no root; the filter of system calls binds both
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_NICE, 0),
        (resource.RLIMIT_RTPRIO, 0),
    )
    return tuple((which, lowered(which, most)) for which, most in held)


def lowered(which: int, most: int) -> int:
    """A limit, or what the host itself is held to, where that is less: nobody may raise a hard limit."""
    own = resource.getrlimit(which)[1]
    if own == resource.RLIM_INFINITY:
        return most
    return own if most == resource.RLIM_INFINITY else min(most, own)
