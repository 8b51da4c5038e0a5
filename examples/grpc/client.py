"""Asks the example's server: one file, a search, its health, what it offers.

python examples/grpc/client.py --address 127.0.0.1:50051 show FILE_ID | search WORDS… | health | list
"""

import argparse
import os
import sys
from collections.abc import Callable

import files_pb2
import files_pb2_grpc
import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToJson
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

DEADLINE_S = 5.0
"""A call without one waits for ever."""
KEY = os.environ.get("FILEMILL_KEY", "")
METADATA = (("authorization", f"Bearer {KEY}"),) if KEY else ()


def show(channel: grpc.Channel, words: list[str]) -> None:
    """Everything of one file."""
    stub = files_pb2_grpc.FilesStub(channel)
    print(
        MessageToJson(stub.GetFile(files_pb2.GetFileRequest(file_id=words[0]), timeout=DEADLINE_S, metadata=METADATA))
    )


def search(channel: grpc.Channel, words: list[str]) -> None:
    """Hits as they come."""
    asked = files_pb2.SearchRequest(query=" ".join(words), limit=20)
    for hit in files_pb2_grpc.FilesStub(channel).Search(asked, timeout=DEADLINE_S, metadata=METADATA):
        print(f"{hit.file.file_id}  {hit.file.status}  {hit.file.filename}")


def health(channel: grpc.Channel, _words: list[str]) -> None:
    """SERVING, or not."""
    said = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=DEADLINE_S)
    print(health_pb2.HealthCheckResponse.ServingStatus.Name(said.status))


def offered(channel: grpc.Channel, _words: list[str]) -> None:
    """Its services and their calls, by reflection: no proto is needed for it."""
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(database)
    for name in database.get_services():
        calls = pool.FindServiceByName(name).methods
        print(f"{name}: {', '.join(call.name for call in calls)}")


def main() -> int:
    """Returns the exit status: 1 if the call was not answered well."""
    does: dict[str, Callable[[grpc.Channel, list[str]], None]] = {
        "show": show, "search": search, "health": health, "list": offered,
    }  # fmt: skip
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--address", default="127.0.0.1:50051")
    parser.add_argument("what", choices=does)
    parser.add_argument("words", nargs="*")
    asked = parser.parse_args()
    with grpc.insecure_channel(asked.address) as channel:
        try:
            does[asked.what](channel, asked.words)
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
