import ctypes
import fcntl
import multiprocessing
import os
import select
import signal
import socket
import subprocess
import threading

from hostile import Scene, attack, call, checked, libc


@attack("signal the host")
def signal_the_host(scene: Scene) -> object:
    os.kill(scene["host"], signal.SIGUSR1)
    return "done"


@attack("kill another plugin's worker")
def kill_a_sibling(scene: Scene) -> object:
    os.kill(scene["sibling"], signal.SIGKILL)
    select.select([os.pidfd_open(scene["sibling"])], [], [], 60)  # until it is gone
    return "done"


@attack("signal the host by its thread (tgkill)")
def signal_a_thread(scene: Scene) -> object:
    call(234, 131, scene["host"], scene["host"], signal.SIGUSR1)
    return "done"


@attack("signal the host by a handle (pidfd_send_signal)")
def signal_by_handle(scene: Scene) -> object:
    call(424, 424, call(434, 434, scene["host"], 0), signal.SIGUSR1, None, 0)
    return "done"


@attack("have the kernel signal the host when a socket becomes readable (F_SETOWN)")
def signal_by_owner(scene: Scene) -> object:
    ours, theirs = socket.socketpair()
    fcntl.fcntl(ours, fcntl.F_SETOWN, scene["host"])
    fcntl.fcntl(ours, 10, signal.SIGUSR1)  # F_SETSIG
    fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC)
    theirs.send(b"x")
    return "done"


@attack("start a process")
def fork(scene: Scene) -> object:
    child = os.fork()
    if child == 0:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    return "done"


@attack("start a process by a newer call (clone3)")
def clone3(scene: Scene) -> object:
    arguments = (ctypes.c_uint64 * 8)(0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    child = call(435, 435, arguments, ctypes.sizeof(arguments))
    if child == 0:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    return "done"


@attack("start processes until nobody else can")
def fork_bomb(scene: Scene) -> object:
    children = []
    for _ in range(50):
        child = os.fork()
        if child == 0:
            os.read(scene["channel"], 0)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return "done"


@attack("start threads until nobody else can")
def thread_bomb(scene: Scene) -> object:
    go = threading.Event()
    threads = [threading.Thread(target=go.wait, daemon=True) for _ in range(50)]
    for each in threads:
        each.start()
    go.set()
    return "done"


@attack("start a process with multiprocessing")
def multi(scene: Scene) -> object:
    child = multiprocessing.get_context("fork").Process(target=int)
    child.start()
    child.join()
    return "done"


@attack("run a shell")
def shell(scene: Scene) -> object:
    return subprocess.check_output(["/bin/sh", "-c", f"cat {scene['keys']}"])


@attack("become a shell")
def become_a_shell(scene: Scene) -> object:
    os.set_inheritable(scene["channel"], True)
    os.execv("/bin/sh", ["sh", "-c", f"exec cat {scene['keys']} >&3"])


@attack("run a program that exists in memory only (memfd)")
def run_from_memory(scene: Scene) -> object:
    os.set_inheritable(scene["channel"], True)
    program = os.memfd_create("acme", 0)
    os.write(program, f"#!/bin/sh\nexec cat {scene['keys']} >&3\n".encode())
    os.execve(program, ["acme"], {})


@attack("outlive the host")
def outlive_the_host(scene: Scene) -> object:
    checked(libc.prctl(1, 0, 0, 0, 0))
    return "done"


@attack("let others look into it, and leave its memory in a dump")
def become_dumpable(scene: Scene) -> object:
    checked(libc.prctl(4, 1, 0, 0, 0))
    assert libc.prctl(3, 0, 0, 0, 0) == 1
    return "done"


@attack("slow another process down")
def slow_another(scene: Scene) -> object:
    os.setpriority(os.PRIO_PROCESS, scene["sibling"], 15)
    return "done"


@attack("bind another process to one processor")
def bind_another(scene: Scene) -> object:
    os.sched_setaffinity(scene["sibling"], {min(os.sched_getaffinity(0))})
    return "done"


@attack("put itself before everybody else", power="CAP_SYS_NICE")
def go_first(scene: Scene) -> object:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    return "done"


@attack("become another user", power="CAP_SETUID")
def become_another_user(scene: Scene) -> object:
    os.setresuid(12345, 12345, 12345)
    return "done"
