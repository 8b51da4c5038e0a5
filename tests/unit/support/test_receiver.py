"""The receiver of webhooks that tests believe."""

import socket

import httpx

from support.receiver import receiving


def test_receiver_when_the_sender_dies_in_the_middle_then_it_was_no_call() -> None:
    """Head and body may go in two writes, and a killed sender leaves the first."""
    with receiving() as receiver:
        host, port = receiver.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as sender:
            sender.sendall(b"POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nwebhook-id: 1\r\n\r\nhalf")
            sender.shutdown(socket.SHUT_WR)
            assert sender.recv(100) == b""
        assert receiver.calls == []
        assert httpx.post(f"{receiver.url}/all", content=b"whole body", headers={"webhook-id": "1"}).status_code == 204
        assert [call.body for call in receiver.calls] == [b"whole body"]
