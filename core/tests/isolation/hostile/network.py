import asyncio
import ctypes
import os
import socket
import urllib.request

from hostile import Scene, attack, call


def _told(connection: socket.socket, address: object) -> bytes:
    connection.settimeout(10)
    connection.connect(address)  # type: ignore[arg-type]
    connection.send(b"?")
    return connection.recv(1000)


@attack("connect by TCP")
def tcp(scene: Scene) -> object:
    return _told(socket.socket(), ("127.0.0.1", scene["tcp"]))


@attack("connect by TCP over IPv6")
def tcp6(scene: Scene) -> object:
    return _told(socket.socket(socket.AF_INET6), ("::ffff:127.0.0.1", scene["tcp"]))


@attack("wait for connections")
def listen(scene: Scene) -> object:
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    found.listen()
    return "done"


@attack("send a datagram (UDP), as for a name server")
def udp(scene: Scene) -> object:
    return _told(socket.socket(type=socket.SOCK_DGRAM), ("127.0.0.1", scene["udp"]))


@attack("request a page")
def http(scene: Scene) -> object:
    with urllib.request.urlopen(f"http://127.0.0.1:{scene['tcp']}/", timeout=10) as page:
        found: bytes = page.read(1000)
        return found


@attack("connect out of an event loop")
def asynchronous(scene: Scene) -> object:
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", scene["tcp"])
        writer.write(b"?")
        return await reader.read(1000)

    return asyncio.run(ask())


@attack("connect to a socket in the file system, such as that of a database or of Docker")
def unix(scene: Scene) -> object:
    return _told(socket.socket(socket.AF_UNIX), scene["unix"])


@attack("connect to a socket without a file")
def abstract(scene: Scene) -> object:
    return _told(socket.socket(socket.AF_UNIX), b"\0" + scene["abstract"].encode())


@attack("send to another socket through an end of a pair")
def datagrams_of_a_pair(scene: Scene) -> object:
    ours, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.sendto(b"x", scene["mailbox"])
    return "done"


@attack("ask the kernel for its network interfaces (netlink)")
def netlink(scene: Scene) -> object:
    found = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    found.bind((0, 0))
    return "done"


@attack("send packets of its own making", power="CAP_NET_RAW")
def raw(scene: Scene) -> object:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    return "done"


@attack("listen to all traffic", power="CAP_NET_RAW")
def packet(scene: Scene) -> object:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    return "done"


@attack("connect to the machine's hypervisor (vsock)")
def vsock(scene: Scene) -> object:
    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    return "done"


@attack("make a queue for the kernel to work off (io_uring)")
def io_uring(scene: Scene) -> object:
    call(425, 425, 4, (ctypes.c_uint8 * 256)())
    return "done"


@attack("enlarge the socket's buffer, until the kernel's memory is short")
def enlarge_the_buffer(scene: Scene) -> object:
    host = socket.socket(fileno=os.dup(scene["channel"]))
    host.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 17)
    return "done"
