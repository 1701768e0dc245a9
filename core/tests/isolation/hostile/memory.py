import array
import ctypes
import mmap
import os
import socket
import time
from pathlib import Path

from hostile import Scene, attack, call, checked, libc


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def _copied(scene: Scene, number: tuple[int, int], text: bytes = b"") -> bytes:
    local = ctypes.create_string_buffer(text, scene["length"])
    here, there = Span(ctypes.addressof(local), len(local)), Span(scene["address"], scene["length"])
    call(*number, scene["host"], ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return local.raw


@attack("read the host's environment")
def read_the_hosts_environment(scene: Scene) -> object:
    return Path(f"/proc/{scene['host']}/environ").read_bytes()


@attack("read the environment that it inherited")
def read_own_environment(scene: Scene) -> object:
    return dict(os.environ)


@attack("read the host's command line")
def read_the_hosts_command_line(scene: Scene) -> object:
    return Path(f"/proc/{scene['host']}/cmdline").read_bytes()


@attack("list the machine's processes")
def list_processes(scene: Scene) -> object:
    assert str(scene["host"]) in os.listdir("/proc")
    return "done"


@attack("learn from links in /proc what the host has open, and where it is")
def follow_the_hosts_links(scene: Scene) -> object:
    assert os.readlink(f"/proc/{scene['host']}/cwd") == scene["home"]
    assert os.readlink(f"/proc/{scene['host']}/fd/{scene['descriptor']}") == scene["keys"]
    return "done"


@attack("read the host's memory map")
def read_the_hosts_map(scene: Scene) -> object:
    assert "python" in Path(f"/proc/{scene['host']}/maps").read_text()
    return "done"


@attack("read the host's memory as a file")
def read_the_hosts_memory(scene: Scene) -> object:
    with open(f"/proc/{scene['host']}/mem", "rb", buffering=0) as memory:
        memory.seek(scene["address"])
        return memory.read(scene["length"])


@attack("read the host's memory (process_vm_readv)")
def copy_the_hosts_memory(scene: Scene) -> object:
    return _copied(scene, (310, 270))


@attack("change the host's memory (process_vm_writev)")
def change_the_hosts_memory(scene: Scene) -> object:
    _copied({**scene, "address": scene["board"], "length": 32}, (311, 271), b"overwritten")
    return "done"


@attack("follow another process (ptrace)")
def trace_another(scene: Scene) -> object:
    libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    checked(libc.ptrace(0x4206, scene["sibling"], None, None))  # PTRACE_SEIZE
    return "done"


@attack("change its own memory as a file, past its protection")
def change_own_memory(scene: Scene) -> object:
    with open("/proc/self/mem", "r+b", buffering=0):
        return "done"


@attack("take an open file of the host (pidfd_getfd)")
def take_a_descriptor(scene: Scene) -> object:
    handle = call(434, 434, scene["host"], 0)
    return os.pread(call(438, 438, handle, scene["descriptor"], 0), 1000, 0)


@attack("get a handle of the host from the socket, for pidfd_getfd")
def handle_by_socket(scene: Scene) -> object:
    host = socket.socket(fileno=os.dup(scene["channel"]))
    handle = host.getsockopt(socket.SOL_SOCKET, 77)  # SO_PEERPIDFD
    return os.pread(call(438, 438, handle, scene["descriptor"], 0), 1000, 0)


@attack("read what it inherited in open files")
def use_inherited_descriptors(scene: Scene) -> object:
    found = b""
    for descriptor in range(4, 256):
        try:
            found += os.pread(descriptor, 1000, 0)
        except OSError as error:
            refused = error
    if found:
        return found
    raise refused


@attack("receive an open file over the socket (SCM_RIGHTS)")
def receive_a_descriptor(scene: Scene) -> object:
    host = socket.socket(fileno=os.dup(scene["channel"]))
    _, got, _, _ = socket.recv_fds(host, 1, 4)
    return os.pread(got[0], 1000, 0)


@attack("pass open files on (SCM_RIGHTS), until somebody has no descriptor left")
def send_a_descriptor(scene: Scene) -> object:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
    assert len(socket.recv_fds(theirs, 1, 3)[1]) == 3
    return "done"


@attack("time what the host computes by its processor clock")
def read_the_hosts_clock(scene: Scene) -> object:
    assert time.clock_gettime((~scene["host"] << 3) | 2) > 0
    return "done"


@attack("write machine code and run it")
def write_machine_code(scene: Scene) -> object:
    code = b"\xb8\x2a\x00\x00\x00\xc3" if os.uname().machine == "x86_64" else b"\x40\x05\x80\x52\xc0\x03\x5f\xd6"
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    assert ctypes.CFUNCTYPE(ctypes.c_int)(address)() == 42
    return "done"


@attack("make memory that it wrote to executable")
def make_memory_executable(scene: Scene) -> object:
    page = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    checked(libc.mprotect(ctypes.c_void_p(address), 4096, 5))
    return "done"
