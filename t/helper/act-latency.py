#!/usr/bin/python3
"""How fast a flood becomes a blackhole: act-latency.py COLLECTOR_PORT PROXY_SOCKET BGPD_SOCKET GOBGP_PORT FIRST COUNT FLOWS

Sends COUNT floods as NetFlow v5, each to a victim of its own from the FIRST on, in datagrams of up to 30 flows; the last
of FLOWS is the one that a rule waits for. Stands between nf-act and nf-bgpd to see the POST pass, and lets GoBGP tell of routes. Prints
milliseconds from the sending of that datagram to either, a line for each flood with a tab between.
"""
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time

proxy_path, bgpd_path, gobgp = sys.argv[2:5]
collector, first, count, flows = (int(sys.argv[i]) for i in (1, 5, 6, 7))
sent, posted, routed = {}, {}, {}
changed = threading.Condition()


def note(where, victim):
    with changed:
        where.setdefault(victim, time.monotonic())
        changed.notify_all()


def pump(source, sink, look):
    data = source.recv(65536)
    while data:
        if look:
            for found in re.findall(rb'"prefix":"(198\.51\.100\.\d+)/32"', data):
                note(posted, found.decode())
        sink.sendall(data)
        data = source.recv(65536)
    sink.shutdown(socket.SHUT_WR)


def proxy(listener):
    while True:
        near, _ = listener.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(bgpd_path)
        threading.Thread(target=pump, args=(near, far, True), daemon=True).start()
        threading.Thread(target=pump, args=(far, near, False), daemon=True).start()


def watch(monitor):
    for line in monitor.stdout:
        for found in re.findall(r"198\.51\.100\.\d+", line):
            note(routed, found)


def datagram(victim, left, n):
    """NetFlow v5: so many flows of one packet, from as many sources; others where less is left."""
    now = time.time()
    head = struct.pack("!HHIIIIBBH", 5, n, 1000000, int(now), int(now % 1 * 1e9), 0, 0, 0, 0)
    return head + b"".join(
        struct.pack("!4s4s4sHHIIIIHHBBBBHHBBH", socket.inet_aton("203.0.113.%d" % ((left - i) % 250)), socket.inet_aton(victim), bytes(4),
                    1, 2, 1, 40, 999000, 999900, 1024 + i, 443, 0, 2, 6, 0, 0, 0, 0, 0, 0)
        for i in range(n))


listener = socket.socket(socket.AF_UNIX)
listener.bind(proxy_path)
listener.listen(16)
threading.Thread(target=proxy, args=(listener,), daemon=True).start()
monitor = subprocess.Popen(["gobgp", "-p", gobgp, "monitor", "global", "rib"], stdout=subprocess.PIPE, text=True)
threading.Thread(target=watch, args=(monitor,), daemon=True).start()
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
time.sleep(1)  # GoBGP tells nobody when its monitor is ready

for i in range(first, first + count):
    victim, left = "198.51.100.%d" % i, flows
    while left > 30:
        out.sendto(datagram(victim, left, 30), ("127.0.0.1", collector))
        left -= 30
    time.sleep(0.02)  # what went before is taken
    sent[victim] = time.monotonic()
    out.sendto(datagram(victim, left, left), ("127.0.0.1", collector))
    with changed:
        changed.wait_for(lambda: victim in posted and victim in routed, 10)
    if victim not in posted or victim not in routed:
        sys.exit("no route to %s after 10 s" % victim)
    print("%.1f\t%.1f" % tuple(1000 * (at[victim] - sent[victim]) for at in (posted, routed)))
monitor.terminate()
os.unlink(proxy_path)
