"""The same file asked for by REST and by gRPC, one call after the other: how long, how many bytes, what reading them costs.

    python examples/grpc/measure.py FILE_ID [--metadata http://127.0.0.1:8001] [--address 127.0.0.1:50051] [--calls 500]

In turns, so that whatever else the machine does hits both. The gRPC server asks metadata itself, so its time holds an HTTP call
inside: "beside REST" is what the second protocol adds. Reading: JSON and protobuf of the same answer, without a network.
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


def median_us(work: Callable[[], object], times: int) -> float:
    """Microseconds of one, the middle of all."""
    took = []
    for _ in range(times):
        began = time.perf_counter_ns()
        work()
        took.append((time.perf_counter_ns() - began) / 1e3)
    return statistics.median(took)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file_id")
    parser.add_argument("--metadata", default="http://127.0.0.1:8001")
    parser.add_argument("--address", default="127.0.0.1:50051")
    parser.add_argument("--calls", type=int, default=500)
    asked = parser.parse_args()
    request = files_pb2.GetFileRequest(file_id=asked.file_id)
    with httpx.Client(base_url=asked.metadata) as rest, grpc.insecure_channel(asked.address) as channel:
        stub = files_pb2_grpc.FilesStub(channel)

        def by_rest() -> httpx.Response:
            return rest.get(f"/files/{asked.file_id}").raise_for_status()

        def by_grpc() -> files_pb2.File:
            return stub.GetFile(request, timeout=5)

        answer, message = by_rest().content, by_grpc().SerializeToString()
        rounds = [(median_us(by_rest, asked.calls // 10), median_us(by_grpc, asked.calls // 10)) for _ in range(10)]
    rest_us, grpc_us = (statistics.median(side) for side in zip(*rounds, strict=True))
    json_us = median_us(lambda: json.loads(answer), 2000)
    protobuf_us = median_us(lambda: files_pb2.File.FromString(message), 2000)
    print(f"a call           REST {rest_us:7.0f} us   gRPC {grpc_us:7.0f} us   {grpc_us / rest_us:.2f}x")
    print(
        f"its answer       JSON {len(answer):7d} B    protobuf {len(message):5d} B  {len(message) / len(answer):.2f}x"
    )
    print(f"reading it       JSON {json_us:7.1f} us   protobuf {protobuf_us:5.1f} us  {protobuf_us / json_us:.2f}x")


if __name__ == "__main__":
    main()
