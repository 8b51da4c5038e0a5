"""REST and gRPC beside each other: how long a call takes, what it costs its caller, how large the answer is.

    python examples/grpc/measure.py FILE_ID [--metadata http://127.0.0.1:8001] [--address 127.0.0.1:50051] [--calls 500]

In turns, so that whatever else the machine does hits both; each figure is the middle of ten rounds. "a bare call" has nothing
behind it (`/livez`, `grpc.health.v1`): the two protocols and their servers. "a file" has metadata behind it, which the gRPC
server asks over HTTP: what a second protocol in front of the first adds; REST's answer holds more there (all findings). "the
same" is the message's fields as JSON and as protobuf: their size, and what reading them costs without a network.
CPU is the caller's only, every thread of it, and is what can be compared when the machine has other work.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import files_pb2
import files_pb2_grpc
import grpc
import httpx
from google.protobuf.json_format import MessageToDict
from grpc_health.v1 import health_pb2, health_pb2_grpc

ROUNDS = 10
READINGS = 2000
WAIT_S = 60.0
Work = Callable[[], object]


def round_us(work: Work, times: int) -> tuple[float, float]:
    """Microseconds of one call, the middle of all; microseconds of CPU of one, the mean."""
    took_us, cpu_began_ns = [], time.process_time_ns()
    for _ in range(times):
        began_ns = time.perf_counter_ns()
        work()
        took_us.append((time.perf_counter_ns() - began_ns) / 1e3)
    return statistics.median(took_us), (time.process_time_ns() - cpu_began_ns) / 1e3 / times


def line(what: str, names: tuple[str, str], rest: Work, other: Work, calls: int) -> str:
    """Both in turns; the ratio is that of the middles."""
    for work in (rest, other):
        work()  # connections, caches
    rounds = [(round_us(rest, calls // ROUNDS), round_us(other, calls // ROUNDS)) for _ in range(ROUNDS)]
    (rest_us, rest_cpu_us), (other_us, other_cpu_us) = (
        tuple(statistics.median(figure) for figure in zip(*side, strict=True)) for side in zip(*rounds, strict=True)
    )
    return (
        f"{what:<12} {names[0]} {rest_us:7.1f} us, {rest_cpu_us:6.1f} of CPU   "
        f"{names[1]} {other_us:7.1f} us, {other_cpu_us:6.1f} of CPU   "
        f"{other_us / rest_us:.2f}x, CPU {other_cpu_us / rest_cpu_us:.2f}x"
    )


def main() -> None:
    """Print a table of four lines."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file_id")
    parser.add_argument("--metadata", default="http://127.0.0.1:8001")
    parser.add_argument("--address", default="127.0.0.1:50051")
    parser.add_argument("--calls", type=int, default=500)
    asked = parser.parse_args()
    request, check = files_pb2.GetFileRequest(file_id=asked.file_id), health_pb2.HealthCheckRequest()
    with httpx.Client(base_url=asked.metadata, timeout=WAIT_S) as rest, grpc.insecure_channel(asked.address) as channel:
        files, health = files_pb2_grpc.FilesStub(channel), health_pb2_grpc.HealthStub(channel)

        def get(path: str) -> bytes:
            return rest.get(path).raise_for_status().content

        def file_by_rest() -> object:
            return json.loads(get(f"/files/{asked.file_id}"))

        def file_by_grpc() -> object:
            return files.GetFile(request, timeout=WAIT_S)

        calls = ("REST", "gRPC")
        print(
            line("a bare call", calls, lambda: get("/livez"), lambda: health.Check(check, timeout=WAIT_S), asked.calls)
        )
        print(line("a file", calls, file_by_rest, file_by_grpc, asked.calls))
        file = files.GetFile(request, timeout=WAIT_S)
    binary = file.SerializeToString()
    text = json.dumps(MessageToDict(file, preserving_proto_field_name=True), separators=(",", ":")).encode()
    print(f"{'the same':<12} JSON {len(text)} B   protobuf {len(binary)} B   {len(binary) / len(text):.2f}x")
    reads = (lambda: json.loads(text), lambda: files_pb2.File.FromString(binary))
    print(line("reading it", ("JSON", "protobuf"), *reads, READINGS))


if __name__ == "__main__":
    main()
