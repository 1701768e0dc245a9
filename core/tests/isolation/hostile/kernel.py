import ctypes
import os
import platform

from hostile import Scene, attack, call, checked, libc

NEWUSER, NEWNS, NEWNET = 0x10000000, 0x20000, 0x40000000


@attack("become root of a user namespace")
def user_namespace(scene: Scene) -> object:
    checked(libc.unshare(NEWUSER))
    return "done"


@attack("leave for a network of its own", power="CAP_SYS_ADMIN")
def network_namespace(scene: Scene) -> object:
    checked(libc.unshare(NEWNET))
    return "done"


@attack("mount a file system over the trader's", power="CAP_SYS_ADMIN")
def mount(scene: Scene) -> object:
    checked(libc.unshare(NEWNS))
    checked(libc.mount(b"none", b"/", None, 0x40000 | 0x4000, None))  # nobody else sees it
    checked(libc.mount(b"none", os.fsencode(scene["outbox"]), b"tmpfs", 0, None))
    return "done"


@attack("make a file system by the newer calls (fsopen)", power="CAP_SYS_ADMIN")
def open_a_file_system(scene: Scene) -> object:
    call(430, 430, b"tmpfs", 0)
    return "done"


@attack("enter the host's namespaces", power="CAP_SYS_ADMIN")
def enter_namespaces(scene: Scene) -> object:
    checked(libc.setns(os.open(f"/proc/{scene['host']}/ns/net", os.O_RDONLY), 0))
    return "done"


@attack("change its root directory", power="CAP_SYS_CHROOT")
def change_root(scene: Scene) -> object:
    os.chroot(scene["home"])
    with open("/keys.json", encoding="utf-8") as file:
        return file.read()


@attack("run a program in the kernel (bpf)", power="CAP_BPF")
def bpf(scene: Scene) -> object:
    array = (ctypes.c_uint32 * 32)(2, 4, 4, 1)  # BPF_MAP_TYPE_ARRAY, key, value, entries
    call(321, 280, 0, array, ctypes.sizeof(array))
    return "done"


@attack("measure the machine (perf)")
def perf(scene: Scene) -> object:
    event = (ctypes.c_uint64 * 16)(1 | 128 << 32, 0, 0, 0, 0, 0b1100000)  # software, processor clock, user only
    call(298, 241, event, 0, -1, -1, 0)
    return "done"


@attack("handle page faults, to win races in the kernel (userfaultfd)")
def userfaultfd(scene: Scene) -> object:
    call(323, 282, 1)
    return "done"


@attack("leave something in the kernel's keyrings")
def keyring(scene: Scene) -> object:
    call(248, 217, b"user", b"acme", b"x", ctypes.c_size_t(1), -2)
    return "done"


@attack("make a file in memory (memfd)")
def memory_file(scene: Scene) -> object:
    found = os.memfd_create("acme")
    return "done" if os.write(found, b"x") else ""


@attack("switch off the random layout of memory (personality)")
def personality(scene: Scene) -> object:
    checked(libc.personality(ctypes.c_ulong(0x0040000)))
    return "done"


@attack("turn the clock", power="CAP_SYS_TIME")
def turn_the_clock(scene: Scene) -> object:
    state = (ctypes.c_long * 26)()
    checked(libc.adjtimex(state))
    state[0] = 0x4000  # ADJ_TICK, to what it is
    checked(libc.adjtimex(state))
    return "done"


@attack("rename the machine", power="CAP_SYS_ADMIN")
def rename_the_machine(scene: Scene) -> object:
    name = platform.node().encode()
    checked(libc.sethostname(name, ctypes.c_size_t(len(name))))  # to what it is
    return "done"


@attack("read the kernel's log", power="CAP_SYSLOG")
def read_the_log(scene: Scene) -> object:
    checked(libc.klogctl(3, ctypes.create_string_buffer(4096), 4096))
    return "done"


@attack("add a filter of its own, to make its calls lie to it")
def own_filter(scene: Scene) -> object:
    checked(libc.prctl(38, 1, 0, 0, 0))
    allow = ctypes.create_string_buffer(b"\x06\0\0\0\0\0\xff\x7f", 8)

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]

    checked(libc.prctl(22, 2, ctypes.byref(Filter(1, ctypes.addressof(allow))), 0, 0))
    return "done"
