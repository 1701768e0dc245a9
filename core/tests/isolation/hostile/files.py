import ctypes
import os
import py_compile
from pathlib import Path

from hostile import Scene, attack, call, checked, libc


@attack("read the trader's keys")
def read_keys(scene: Scene) -> object:
    return Path(scene["keys"]).read_text()


@attack("list the trader's home directory")
def list_home(scene: Scene) -> object:
    return os.listdir(scene["home"])


@attack("read another plugin's files")
def read_another_plugin(scene: Scene) -> object:
    return Path(scene["other"], "other_plugin.py").read_text()


@attack("list another plugin's files")
def list_another_plugin(scene: Scene) -> object:
    assert os.listdir(scene["other"]) == ["other_plugin.py"]
    return "done"


@attack("read the system's users")
def read_users(scene: Scene) -> object:
    assert "root" in Path("/etc/passwd").read_text()
    return "done"


@attack("go up from its own directory to the keys")
def climb_out(scene: Scene) -> object:
    return Path(scene["mine"], os.path.relpath(scene["keys"], scene["mine"])).read_text()


@attack("reach the keys below /proc/self/root")
def through_own_root(scene: Scene) -> object:
    return Path("/proc/self/root" + scene["keys"]).read_text()


@attack("reach the keys below the host's /proc/PID/cwd")
def through_the_hosts_directory(scene: Scene) -> object:
    return Path(f"/proc/{scene['host']}/cwd/keys.json").read_text()


@attack("open the home directory as a mere location, and the keys from there")
def from_a_location(scene: Scene) -> object:
    home = os.open(scene["home"], os.O_PATH)
    return os.read(os.open("keys.json", os.O_RDONLY, dir_fd=home), 1000)


@attack("open the keys by their handle, past all paths", power="CAP_DAC_READ_SEARCH")
def by_handle(scene: Scene) -> object:
    class Handle(ctypes.Structure):
        _fields_ = [("size", ctypes.c_uint), ("kind", ctypes.c_int), ("bytes", ctypes.c_ubyte * 128)]

    handle, mount = Handle(size=128), ctypes.c_int()
    path = os.fsencode(scene["keys"])
    call(303, 264, -100, path, ctypes.byref(handle), ctypes.byref(mount), 0)
    root = os.open(scene["home"], os.O_RDONLY)
    return os.read(call(304, 265, root, ctypes.byref(handle), os.O_RDONLY), 1000)


@attack("read the keys by system calls of its own")
def by_system_call(scene: Scene) -> object:
    found = call(257, 56, -100, os.fsencode(scene["keys"]), 0)
    return os.read(found, 1000)


@attack("map the keys into memory by the newer openat2")
def by_openat2(scene: Scene) -> object:
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    return os.read(call(437, 437, -100, os.fsencode(scene["keys"]), how, 24), 1000)


@attack("place a symbolic link to the keys, and follow it")
def symbolic_link(scene: Scene) -> object:
    link = Path(scene["outbox"], "symbolic")
    link.symlink_to(scene["keys"])
    return link.read_text()


@attack("give the keys a second name")
def hard_link(scene: Scene) -> object:
    os.link(scene["keys"], f"{scene['outbox']}/hard")
    return Path(scene["outbox"], "hard").read_text()


@attack("write a file anywhere: its own directory, home, /tmp, /var/tmp, /dev/shm")
def write_anywhere(scene: Scene) -> object:
    for directory in (scene["mine"], scene["outbox"], scene["home"], "/tmp", "/var/tmp", "/dev/shm", "."):
        path = Path(directory, f"written-{os.getpid()}")
        try:
            path.write_text("x")
        except OSError as error:
            refused = error
        else:
            path.unlink()
            return "done"
    raise refused


@attack("make a file without a name")
def nameless_file(scene: Scene) -> object:
    found = os.open(scene["outbox"], os.O_TMPFILE | os.O_RDWR)
    return "done" if os.write(found, b"x") else ""


@attack("empty a file of the trader's")
def empty_a_file(scene: Scene) -> object:
    os.truncate(scene["victim"], 0)
    return "done"


@attack("delete a file of the trader's")
def delete_a_file(scene: Scene) -> object:
    os.unlink(scene["victim"])
    return "done"


@attack("put another file in the place of one of the trader's")
def rename_a_file(scene: Scene) -> object:
    os.rename(scene["victim"], scene["victim"] + "-gone")
    return "done"


@attack("make the keys readable by everybody")
def open_up_the_keys(scene: Scene) -> object:
    os.chmod(scene["victim"], 0o777)
    return "done"


@attack("change a file's times")
def change_times(scene: Scene) -> object:
    os.utime(scene["victim"], (1, 1))
    return "done"


@attack("hide data in a file's attributes")
def hide_attributes(scene: Scene) -> object:
    os.setxattr(scene["victim"], "user.acme", b"x")
    return "done"


@attack("make a directory")
def make_a_directory(scene: Scene) -> object:
    os.mkdir(f"{scene['outbox']}/made")
    return "done"


@attack("make a named pipe for another process")
def make_a_pipe(scene: Scene) -> object:
    os.mkfifo(f"{scene['outbox']}/fifo")
    return "done"


@attack("read the host's shared memory in /dev/shm")
def read_shared_memory(scene: Scene) -> object:
    return Path(scene["shared"]).read_bytes()


@attack("fill the disk")
def fill_the_disk(scene: Scene) -> object:
    with open(f"{scene['outbox']}/large", "wb") as file:
        os.unlink(file.name)
        for _ in range(64):
            file.write(bytes(1 << 20))
    return "done"


@attack("leave bytecode that is run at the next start")
def leave_bytecode(scene: Scene) -> object:
    py_compile.compile(f"{scene['mine']}/hostile/files.py", f"{scene['outbox']}/files.pyc", doraise=True)
    return "done"


@attack("leave a .pth file and a sitecustomize.py where Python looks")
def leave_start_files(scene: Scene) -> object:
    for name in ("acme.pth", "sitecustomize.py"):
        Path(scene["mine"], name).write_text("import os")
        os.unlink(f"{scene['mine']}/{name}")
    return "done"


@attack("watch what the trader does in the home directory")
def watch_home(scene: Scene) -> object:
    watcher = checked(libc.inotify_init())
    checked(libc.inotify_add_watch(watcher, os.fsencode(scene["home"]), 0xFFF))
    return "done"
