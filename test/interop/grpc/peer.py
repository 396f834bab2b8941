"""The peer in Python; README.md says what it does."""
import json
import os
import signal
import sys
import threading
import time
from concurrent import futures

import grpc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
CODES = {code.value[0]: code for code in grpc.StatusCode}
EVERY_OCTET = bytes(range(256))
SENTENCE = 'nö: 100% of\nthis "works"'


class Echo(grpc.GenericRpcHandler):
    def __init__(self):
        self.cancelled = 0
        self.lock = threading.Lock()

    def service(self, details):
        kinds = {
            "Unary": (grpc.unary_unary_rpc_method_handler, self.unary),
            "Cancelled": (grpc.unary_unary_rpc_method_handler, lambda _, __: str(self.cancelled).encode()),
            "Collect": (grpc.stream_unary_rpc_method_handler, self.collect),
            "Produce": (grpc.unary_stream_rpc_method_handler, self.produce),
            "Chat": (grpc.stream_stream_rpc_method_handler, self.chat),
        }
        kind = kinds.get(details.method.removeprefix("/interop.Echo/"))
        return kind and kind[0](kind[1])

    def begin(self, context):
        fields = dict(context.invocation_metadata())
        if "x-echo" in fields:
            context.send_initial_metadata((("x-echo", fields["x-echo"]),))
        if "x-echo-bin" in fields:
            context.set_trailing_metadata((("x-echo-bin", fields["x-echo-bin"]),))
        return fields

    def count_cancelled(self):
        with self.lock:
            self.cancelled += 1

    def unary(self, request, context):
        fields = self.begin(context)
        if "x-wait" in fields:
            over = threading.Event()
            if not context.add_callback(over.set):
                over.set()
            over.wait()
            self.count_cancelled()
            return b""
        if "x-status" in fields:
            context.abort(CODES[int(fields["x-status"])], request.decode())
        return b"x" * int(fields["x-size"]) if "x-size" in fields else request

    def collect(self, requests, context):
        sizes = [len(request) for request in requests]
        return f"{len(sizes)}:{sum(sizes)}".encode()

    def produce(self, request, context):
        count, size = map(int, request.split())
        for _ in range(count):
            yield b"x" * size
        fields = dict(context.invocation_metadata())
        if "x-status" in fields:
            context.abort(CODES[int(fields["x-status"])], "nö")

    def chat(self, requests, context):
        fields = self.begin(context)
        over, ended = threading.Event(), threading.Event()

        def end():
            if not ended.is_set():
                self.count_cancelled()
            over.set()

        context.add_callback(end)
        for request in requests:
            yield request
        if "x-wait" in fields:
            over.wait()
        ended.set()


def serve(address):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=OPTIONS)
    server.add_generic_rpc_handlers((Echo(),))
    if server.add_insecure_port(address) == 0:
        raise SystemExit(f"{address} cannot be bound")
    server.start()
    print("ready", flush=True)
    threading.Thread(target=lambda: sys.stdin.read() or os._exit(0), daemon=True).start()
    signal.sigwait([signal.SIGTERM])
    server.stop(grace=10).wait()


class Peer:
    def __init__(self, target, authority):
        backoff = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200)]
        options = OPTIONS + backoff + [("grpc.default_authority", authority)]
        self.channel = grpc.insecure_channel(target, options=options)

    def unary(self, method, body, fields=(), deadline=20):
        call = self.channel.unary_unary(f"/interop.Echo/{method}").future(body, metadata=fields, timeout=deadline)
        return call

    def cancelled(self):
        return int(self.unary("Cancelled", b"").result())

    def cancelled_since(self, before):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if self.cancelled() > before:
                return True
            time.sleep(0.01)
        return False


def finish(call):
    """Code, message, answer, metadata of the start and of the end."""
    try:
        body = call.result()
    except grpc.RpcError:
        body = b""
    initial, trailing = dict(call.initial_metadata() or ()), dict(call.trailing_metadata() or ())
    return call.code().value[0], call.details() or "", body, initial, trailing


def unary(peer):
    code, message, body, _, _ = finish(peer.unary("Unary", b"hello"))
    return [code, message, body.decode()]


def empty(peer):
    code, _, body, _, _ = finish(peer.unary("Unary", b""))
    return [code, len(body)]


def metadata(peer):
    fields = (("x-echo", "a b;c"), ("x-echo-bin", EVERY_OCTET))
    code, _, _, initial, trailing = finish(peer.unary("Unary", b"x", fields))
    return [code, initial.get("x-echo"), trailing.get("x-echo-bin") == EVERY_OCTET]


def statuses(peer):
    results = []
    for status in range(1, 17):
        code, message, _, _, _ = finish(peer.unary("Unary", SENTENCE.encode(), (("x-status", str(status)),)))
        results.append(code if message == SENTENCE else [code, message])
    return results


def status_after_metadata(peer):
    code, message, _, initial, _ = finish(peer.unary("Unary", b"no", (("x-status", "5"), ("x-echo", "a"))))
    return [code, message, initial.get("x-echo")]


def unknown_method(peer):
    return finish(peer.unary("Nothing", b""))[0]


def collect(peer):
    return peer.channel.stream_unary("/interop.Echo/Collect")(iter([bytes(1000)] * 100)).decode()


def drain(peer, request, fields=(), pause=None):
    call = peer.channel.unary_stream("/interop.Echo/Produce")(request, metadata=fields)
    sizes = []
    try:
        for message in call:
            sizes.append(len(message))
            if pause and len(sizes) == 1:
                pause()
    except grpc.RpcError:
        pass
    return call.code().value[0], len(sizes), sum(sizes), call.details()


def produce(peer):
    return list(drain(peer, b"100 1000")[:3])


def status_after_messages(peer):
    code, count, _, message = drain(peer, b"2 10", (("x-status", "9"),))
    return [code, count, message]


def chat(peer):
    turn = threading.Semaphore(1)
    last = 50

    def requests():
        for index in range(last):
            turn.acquire()
            yield f"turn {index}".encode()
        turn.acquire()

    call = peer.channel.stream_stream("/interop.Echo/Chat")(requests())
    turns = 0
    for message in call:
        turns += message == f"turn {turns}".encode()
        turn.release()
    return [call.code().value[0], turns]


def deadline(peer):
    before = peer.cancelled()
    code = finish(peer.unary("Unary", b"", (("x-wait", "1"),), 0.2))[0]
    return [code, peer.cancelled_since(before)]


def cancel(peer):
    before = peer.cancelled()
    over = threading.Event()

    def requests():
        yield b"one"
        over.wait()

    call = peer.channel.stream_stream("/interop.Echo/Chat")(requests(), metadata=(("x-wait", "1"),))
    next(call)
    call.cancel()
    code = call.code().value[0]
    over.set()
    return [code, peer.cancelled_since(before)]


def large(peer):
    code, _, body, _, _ = finish(peer.unary("Unary", b"y" * 4_000_000, (("x-size", "4000000"),)))
    return [code, len(body)]


def concurrent(peer):
    calls = [peer.unary("Unary", f"call {index}".encode()) for index in range(100)]
    return sum(finish(call)[2] == f"call {index}".encode() for index, call in enumerate(calls))


def slow_reader(peer):
    others = []
    pause = lambda: others.extend(finish(peer.unary("Unary", b"hello"))[0] == 0 for _ in range(20))
    code, count, octets, _ = drain(peer, b"100 50000", pause=pause)
    return [code, count, octets, sum(others)]


def ask():
    peers = {}
    for line in sys.stdin:
        wanted = json.loads(line)
        key = (wanted["target"], wanted["authority"])
        peers[key] = peers.get(key) or Peer(*key)
        print(json.dumps(globals()[wanted["scenario"].replace(" ", "_")](peers[key])), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        serve(sys.argv[2])
    else:
        ask()
