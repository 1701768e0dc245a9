import ctypes
import os
import resource
import time

from hostile import Scene, attack, call, checked, libc

MIB = 1 << 20


@attack("take all memory", memory=256 * MIB)
def take_all_memory(scene: Scene) -> object:
    return "done" if bytearray(1024 * MIB) else ""


@attack("take all memory in small pieces", memory=256 * MIB)
def take_memory_in_pieces(scene: Scene) -> object:
    held = [bytes(MIB) for _ in range(400)]
    return "done" if held else ""


@attack("keep memory from being swapped out")
def pin_memory(scene: Scene) -> object:
    page = ctypes.create_string_buffer(MIB)
    checked(libc.mlock(page, MIB))
    return "done"


@attack("take all processor time", cpu_s=1)
def take_all_time(scene: Scene) -> object:
    while time.process_time() < 2.5:
        pass
    return "done"


@attack("raise its limit of memory")
def raise_memory(scene: Scene) -> object:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return "done"


@attack("lower another process's limits")
def lower_another(scene: Scene) -> object:
    resource.prlimit(scene["sibling"], resource.RLIMIT_NOFILE, (5, 5))
    return "done"


@attack("open files until the machine has no more")
def take_descriptors(scene: Scene) -> object:
    held = [os.dup(0) for _ in range(200)]
    for each in held:
        os.close(each)
    return "done"


@attack("keep memory beyond its own life (System V)")
def keep_memory(scene: Scene) -> object:
    found = call(29, 194, 0, 4096, 0o600 | 0o1000)
    call(31, 195, found, 0, None)
    return "done"


@attack("keep messages beyond its own life (POSIX queues)")
def keep_messages(scene: Scene) -> object:
    name = f"acme-{os.getpid()}".encode()
    call(240, 180, name, os.O_CREAT | os.O_RDWR, 0o600, None)
    call(241, 181, name)
    return "done"
