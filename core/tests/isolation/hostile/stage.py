"""Where attacks are played: the entry of a worker, or a process in the open."""

import json
import socket

from hostile import ATTACKS, deceit, files, kernel, memory, network, processes, resources  # noqa: F401  each lists its own


def main(channel: int) -> None:
    host = socket.socket(fileno=channel)
    asked = json.loads(host.recv(1 << 16))
    scene = {**asked["scene"], "channel": channel}
    if asked["numpy"]:
        import numpy as np

        assert float((np.ones((64, 64)) @ np.ones((64, 64))).sum()) == 64**3
    attack = ATTACKS[asked["attack"]]
    try:
        for _ in range(attack.calls):
            got = attack.run(scene)
        answer = {"got": got.decode(errors="replace") if isinstance(got, bytes) else str(got)}
    except BaseException as error:
        answer = {"refused": f"{type(error).__name__}: {error}"}
    host.send(json.dumps(answer)[:60000].encode())
    host.recv(1)
