#!/usr/bin/env python3
"""A TCP proxy that does to inserts what networks do: fault_proxy.py PORT TO_PORT MODE_FILE

The file holds a fault, how often it strikes, and how hard; after that, and without a file, all goes through:

    reset 5 100000   the connection is reset once so many bytes of an insert went through
    lose 5           the insert goes through whole, the answer does not: the connection is reset instead
    slow 5 2.5       the answer comes so many seconds late
    garble 5         the answer is another's: 502 Bad Gateway

Each strike is a line in MODE_FILE.struck, each insert that went through one in MODE_FILE.passed.
"""
import os
import socket
import struct
import sys
import threading
import time

port, to_port, mode_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
lock = threading.Lock()


def note(what, words):
    with open(mode_file + '.' + what, 'a') as f:
        f.write(words + '\n')


def strike():
    """The fault that is due for this insert and its measure; None without one."""
    with lock:
        try:
            with open(mode_file) as f:
                words = f.read().split()
        except FileNotFoundError:
            words = []
        if len(words) < 2 or int(words[1]) <= 0:
            note('passed', str(time.time()))
            return None, 0
        words[1] = str(int(words[1]) - 1)
        with open(mode_file + '.new', 'w') as f:
            f.write(' '.join(words))
        os.rename(mode_file + '.new', mode_file)
        note('struck', words[0])
        return words[0], float(words[2]) if len(words) > 2 else 0


def reset(*sockets):
    for s in sockets:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.close()


def read_message(s, sofar=b''):
    """A request or an answer: its head, and its body as far as Content-Length or chunks say. Yields it in pieces."""
    while b'\r\n\r\n' not in sofar:
        piece = s.recv(65536)
        if not piece:
            return
        sofar += piece
    head = sofar[:sofar.index(b'\r\n\r\n') + 4]
    left = None
    for line in head.split(b'\r\n')[1:]:
        if line.lower().startswith(b'content-length:'):
            left = int(line.split(b':')[1]) - (len(sofar) - len(head))
    yield sofar
    if left is None and b'chunked' in head.lower():
        body = b'\r\n' + sofar[len(head):]
        while not body.endswith(b'\r\n0\r\n\r\n'):
            piece = s.recv(65536)
            if not piece:
                return
            body = body[-16:] + piece
            yield piece
    while left is not None and left > 0:
        piece = s.recv(min(left, 65536))
        if not piece:
            return
        left -= len(piece)
        yield piece


def exchange(client, server):
    """One request and its answer; False ends the connection."""
    fault, measure, gone, whole = None, 0, 0, b''
    for piece in read_message(client):
        if not whole and b'query=INSERT' in piece.split(b'\r\n', 1)[0]:
            fault, measure = strike()
        whole = piece[:1]
        server.sendall(piece)
        gone += len(piece)
        if fault == 'reset' and gone >= measure:
            reset(client, server)
            return False
    if not whole:
        return False
    answer = list(read_message(server))
    if fault in ('lose', 'reset'):
        reset(client, server)
        return False
    if fault == 'slow':
        time.sleep(measure)
    if fault == 'garble':
        client.sendall(b'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nlost')
        return True
    for piece in answer:
        client.sendall(piece)
    return bool(answer)


def serve(client):
    try:
        with client, socket.create_connection(('127.0.0.1', to_port)) as server:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while exchange(client, server):
                pass
    except OSError:
        pass


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('127.0.0.1', port))
listener.listen(64)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
