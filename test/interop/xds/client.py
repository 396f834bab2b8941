"""A gRPC client without a sidecar, with grpcio; README.md says what it does."""
import collections
import json
import sys

import grpc

DEADLINE = 20
channels = {}


def channel_of(target):
    if target not in channels:
        fallback = grpc.experimental.insecure_channel_credentials()
        channels[target] = grpc.secure_channel(target, grpc.xds_channel_credentials(fallback))
    return channels[target]


def call(question):
    method = channel_of(question["target"]).unary_unary(question["method"])
    try:
        return method(b"", metadata=tuple(question["metadata"].items()), timeout=DEADLINE).decode()
    except grpc.RpcError as error:
        print(error.details(), file=sys.stderr)
        return str(error.code().value[0])


import grpc.experimental

for line in sys.stdin:
    question = json.loads(line)
    counts = collections.Counter(call(question) for _ in range(question["calls"]))
    print(json.dumps(counts), flush=True)
