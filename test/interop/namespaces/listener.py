"""HTTP servers, and ones of datagrams, that answer with who they are and for which address a connection was.

    listener.py NAME UID ADDRESS,PORT...

Takes the user UID once it listens, then prints `ready`. Ends with its standard input.
"""
import os
import socket
import struct
import sys
import threading

SO_ORIGINAL_DST = 80


def original(connection, family):
    try:
        if family == socket.AF_INET6:
            raw = connection.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, 28)
            return socket.inet_ntop(family, raw[8:24]), struct.unpack("!H", raw[2:4])[0]
        raw = connection.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
        return socket.inet_ntop(family, raw[4:8]), struct.unpack("!H", raw[2:4])[0]
    except OSError:
        return connection.getsockname()[:2]


def serve(name, server, family, port):
    while True:
        connection, _ = server.accept()
        threading.Thread(target=answer, args=(name, connection, family, port), daemon=True).start()


def answer(name, connection, family, port):
    with connection:
        host, to = original(connection, family)
        host = f"[{host}]" if ":" in host else host
        body = f"{name} {port} {host}:{to}".encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
        pending = b""
        while True:
            data = connection.recv(4096)
            if not data:
                return
            pending += data
            if pending == b"still there?\n":
                connection.sendall(body + b"\n")
                pending = b""
            elif b"\r\n\r\n" in pending:
                connection.sendall(head + body)
                return


def echo(name, server):
    while True:
        _, sender = server.recvfrom(4096)
        server.sendto(name.encode(), sender)


name, uid, *addresses = sys.argv[1:]
for text in addresses:
    address, port = text.rsplit(",", 1)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind((address, int(port)))
    server.listen(64)
    datagrams = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    datagrams.bind((address, int(port)))
    threading.Thread(target=echo, args=(name, datagrams), daemon=True).start()
    threading.Thread(target=serve, args=(name, server, family, int(port)), daemon=True).start()
os.setgroups([])
os.setgid(int(uid))
os.setuid(int(uid))
print("ready", flush=True)
sys.stdin.read()
