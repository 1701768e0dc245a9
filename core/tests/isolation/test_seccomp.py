"""The filter, instruction by instruction, for both architectures: of one of them no test machine may be at hand."""

import errno
import struct
from collections.abc import Iterator

import pytest

from sniper.isolation.seccomp import ALWAYS, UNKNOWN, WHERE, program
from sniper.isolation.syscalls import ARCHITECTURES, Architecture

ALLOWED, KILLED = 0x7FFF0000, 0x80000000
REFUSED, UNHEARD = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
HIGH = 1 << 32


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    return ARCHITECTURES[request.param]


def judged(architecture: Architecture, call: str | int, *arguments: int, audit: int | None = None) -> int:
    """What the kernel's own interpreter of these instructions would answer (net/core/filter.c)."""
    number = architecture.numbers[call] if isinstance(call, str) else call
    audit = architecture.audit if audit is None else audit
    data = struct.pack("=IIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    code = list(struct.iter_unpack("=HBBI", program(architecture)))
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        match operation:
            case 0x20:
                accumulator = struct.unpack_from("=I", data, operand)[0]
            case 0x54:
                accumulator &= operand
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x05:
                at += operand
            case 0x06:
                return int(operand)
            case other:
                raise AssertionError(f"instruction {other:#x}")


def test_what_is_listed_is_allowed_and_all_else_refused(architecture: Architecture) -> None:
    for name in ALWAYS:
        if name in architecture.numbers:
            assert judged(architecture, name) == ALLOWED, name
    listed = set(architecture.numbers.values())
    for number in range(1024):
        if number not in listed:
            assert judged(architecture, number) == REFUSED, number
    for name in UNKNOWN:
        assert judged(architecture, name) == UNHEARD, name


def test_every_listed_number_is_used(architecture: Architecture) -> None:
    assert set(architecture.numbers) <= {*ALWAYS, *WHERE, *UNKNOWN}
    assert len(set(architecture.numbers.values())) == len(architecture.numbers)


def test_numbers_of_another_architecture_end_the_process(architecture: Architecture) -> None:
    assert judged(architecture, "read", audit=0x40000003) == KILLED  # i386
    assert judged(architecture, "read", audit=0x40000028) == KILLED  # ARM, 32 bits
    assert judged(architecture, architecture.numbers["read"] | 0x40000000) == KILLED  # x32
    assert judged(architecture, 0xFFFFFFFF) == KILLED


def _cases() -> Iterator[tuple[str, tuple[int, ...], int]]:
    here = -100 % (1 << 64)
    for flags in (0, 0o2000000, 0o200000 | 0o400000, 0o10000000, HIGH):
        yield "openat", (here, 1, flags), ALLOWED
    for flags in (1, 2, 3, 0o100, 0o1000, 0o2000, 0o20000, 0o20200000 | 2, HIGH | 1):
        yield "openat", (here, 1, flags), REFUSED
    for protection, flags, found in (
        (3, 0x22, ALLOWED), (1, 0x2, ALLOWED), (5, 0x2, ALLOWED), (4, 0x2, ALLOWED), (7, 0x22, REFUSED),
        (5, 0x22, REFUSED), (6, 0x2, REFUSED), (7, 0x2, REFUSED), (HIGH | 7, 0x2, REFUSED), (5, HIGH | 0x22, REFUSED),
    ):  # fmt: skip
        yield "mmap", (0, 4096, protection, flags), found
    yield "mprotect", (0, 4096, 3), ALLOWED
    yield "mprotect", (0, 4096, 5), REFUSED
    yield "mprotect", (0, 4096, HIGH | 4), REFUSED
    for advice in range(120):
        yield "madvise", (0, 4096, advice), ALLOWED if advice in (0, 4, 8, 14, 15) else REFUSED
    for command in (*range(40), *range(1020, 1040)):
        if command != 4:
            yield "fcntl", (3, command), ALLOWED if command in (0, 1, 2, 3, 1030) else REFUSED
    yield "fcntl", (3, 4, 0o4000), ALLOWED
    yield "fcntl", (3, 4, 0o20000), REFUSED
    for request in (0x5401, 0x541B, 0x5421, HIGH | 0x5421):
        yield "ioctl", (3, request), ALLOWED
    for request in (0x5412, 0x5452, 0x5402, 0x8901):
        yield "ioctl", (3, request), REFUSED
    for operation in range(16):
        for more in (0, 128, 256, 384):
            yield "futex", (1, operation | more), ALLOWED if operation in (0, 1, 9, 10) else REFUSED
    for clock in ("clock_gettime", "clock_getres", "clock_nanosleep"):
        for which in (0, 1, 2, 3, 7, 11):
            yield clock, (which,), ALLOWED
        for which in (-2 & 0xFFFFFFFF, (~1234 << 3 | 2) & 0xFFFFFFFF, 16):
            yield clock, (which,), REFUSED
    yield "prlimit64", (0, 7, 0, 1), ALLOWED
    yield "prlimit64", (1, 7, 0, 1), REFUSED
    yield "prlimit64", (0, 7, 1, 0), REFUSED
    yield "prlimit64", (0, 7, HIGH, 0), REFUSED
    yield "sched_getaffinity", (0,), ALLOWED
    yield "sched_getaffinity", (1,), REFUSED
    yield "sendto", (3, 1, 1, 0, 0, 0), ALLOWED
    yield "sendto", (3, 1, 1, 0, 1, 16), REFUSED
    yield "sendto", (3, 1, 1, 0, HIGH, 16), REFUSED
    for domain, kind, found in (
        (1, 1, ALLOWED), (1, 1 | 0o2004000, ALLOWED), (1, 2, REFUSED), (1, 5, REFUSED), (2, 1, REFUSED),
        (16, 1, REFUSED), (HIGH | 1, 1, ALLOWED), (HIGH | 2, 1, REFUSED),
    ):  # fmt: skip
        yield "socketpair", (domain, kind), found
    for option in range(90):
        yield "getsockopt", (3, 1, option), ALLOWED if option in (3, 4, 38, 39) else REFUSED
    yield "getsockopt", (3, 6, 3), REFUSED


def test_arguments_are_looked_at_as_the_kernel_reads_them(architecture: Architecture) -> None:
    for name, arguments, expected in _cases():
        assert judged(architecture, name, *arguments) == expected, (name, [hex(each) for each in arguments])


def test_every_condition_is_tried() -> None:
    assert {name for name, _, _ in _cases()} == set(WHERE)
