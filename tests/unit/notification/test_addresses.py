"""Where a webhook must not lead: every trick against a real port that nobody may connect to."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from filemill.chassis.errors import StartError
from filemill.chassis.outbound import RefusedDestination, Resolve, Resolver
from filemill.chassis.settings import load
from filemill.notification.sending import NO_PUBLIC_ADDRESS, Message, Sender
from filemill.notification.settings import NotificationSettings
from filemill.notification.webhook_secrets import new_secret
from support.mill import wait_for
from support.receiver import canary, receiving

TRICKS = [
    # plainly
    "http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "http://localhost:{port}/", "https://localhost:{port}/",
    "https://localhost.:{port}/", "https://LOCALHOST:{port}/", "https://localhost.localdomain:{port}/",
    "https://[::1]:{port}/", "http://0.0.0.0:{port}/", "https://0.0.0.0:{port}/", "https://0:{port}/",
    "https://127.1:{port}/", "https://127.0.1:{port}/", "https://127.255.255.254:{port}/", "https://[::]:{port}/",
    # numbers in other forms
    "https://2130706433:{port}/", "https://0x7f000001:{port}/", "https://0x7f.0x0.0x0.0x1:{port}/",
    "https://017700000001:{port}/", "https://0177.0.0.1:{port}/", "https://0177.0000.0000.0001:{port}/",
    "https://127.0x0.0.1:{port}/", "https://0x7f.1:{port}/", "https://127.0.0.1.:{port}/",
    "https://00127.0.0.1:{port}/", "https://4294967297:{port}/",
    "https://340282366920938463463374607431768211457:{port}/",
    # other alphabets and dots
    "https://127。0。0。1:{port}/", "https://①②⑦.⓪.⓪.①:{port}/", "https://１２７.０.０.１:{port}/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/", "https://localhos\u0074\u200b:{port}/", "https://127%2e0%2e0%2e1:{port}/",
    "https://%6c%6f%63%61%6c%68%6f%73%74:{port}/",
    # IPv6 that stands for IPv4
    "https://[::ffff:127.0.0.1]:{port}/", "https://[::ffff:7f00:1]:{port}/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]:{port}/", "https://[::127.0.0.1]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/", "https://[64:ff9b::7f00:1]:{port}/",
    "https://[64:ff9b:1::7f00:1]:{port}/", "https://[2002:7f00:1::]:{port}/", "https://[2002:7f00:0001::1]:{port}/",
    "https://[2001:0:7f00:1::]:{port}/", "https://[2001:0000:4136:e378:8000:63bf:80ff:fffe]:{port}/",
    "https://[fe80::1%25lo]:{port}/", "https://[fe80::1%lo]:{port}/", "https://[::1%25lo]:{port}/",
    "https://[fec0::1]:{port}/", "https://[fd00::1]:{port}/", "https://[ff02::1]:{port}/",
    # who is the host?
    "https://hooks.example@127.0.0.1:{port}/", "https://hooks.example:x@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@hooks.example/", "https://@127.0.0.1:{port}/",
    "https://hooks.example\\@127.0.0.1:{port}/", "https:\\\\127.0.0.1:{port}\\",
    "https://127.0.0.1:{port}\\@hooks.example/", "https://hooks.example#@127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/", "//127.0.0.1:{port}/", "https:127.0.0.1:{port}/", "https://127.0.0.1\t:{port}/",
    "https://127.0.0.1:{port}\r\nHost: x/", "https://127.0.0.1:{port}/ HTTP/1.1\r\nx: y",
    " https://127.0.0.1:{port}/", "https://127.0.0.1 hooks.example:{port}/",
    "https://127.0.0.1\x00.hooks.example:{port}/", "https://[127.0.0.1]:{port}/", "https://[hooks.example]:{port}/",
    # other schemes, other ports
    "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/_x", "dict://127.0.0.1:{port}/x",
    "ldap://127.0.0.1:{port}/", "unix:///run/x.sock", "jar:https://127.0.0.1:{port}!/", "data:text/plain,x",
    "javascript:x", "ws://127.0.0.1:{port}/", "httpss://127.0.0.1:{port}/", "https://127.0.0.1:0/",
    "https://127.0.0.1:99999/", "https://127.0.0.1:-1/", "https://127.0.0.1:{port}x/", "",
    # private, shared, link-local, metadata
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/", "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/", "http://169.254.169.254/", "https://[fd00:ec2::254]/",
    "https://192.0.0.192/", "https://198.18.0.1/", "https://192.88.99.1/", "https://224.0.0.1/",
    "https://255.255.255.255/", "https://240.0.0.1/", "https://0x0a000001/",
]  # fmt: skip
"""Sources: OWASP SSRF prevention sheet, WHATWG URL host parsing, RFC 6890, RFC 6052, RFC 3056, RFC 4380."""


@pytest.fixture
def port() -> Iterator[int]:
    """A port that must not be connected to, on IPv4 and IPv6."""
    with canary() as (number, hits):
        yield number
        assert hits == [], "somebody came"


async def tried(url: str, settings: NotificationSettings, resolve: Resolve | None = None) -> str:
    """What a try at an address says that it failed of."""
    sender = Sender(Resolver(settings.webhook_policy, threads=4, resolve=resolve))
    try:
        outcome = await sender.send(Message(url, "id", b"{}", [new_secret()]))
    finally:
        await sender.close()
    assert outcome.status_code is None, url
    return outcome.error or ""


def test_tricks_when_counted_then_there_are_enough() -> None:
    """Sixty at least, none twice."""
    assert len(set(TRICKS)) == len(TRICKS) >= 60


@pytest.mark.parametrize("trick", TRICKS)
async def test_address_when_it_is_a_trick_then_nobody_is_called(trick: str, port: int) -> None:
    """Refused before a connection is made, in words that do not say what is there."""
    settings = NotificationSettings(webhook_loopback=False)
    said = await tried(trick.replace("{port}", str(port)), settings)
    assert said
    assert "in time" not in said
    assert "connected" not in said


async def test_address_when_no_public_name_has_it_then_the_reason_does_not_tell_what_is_there() -> None:
    """A private address and a name that is not there look the same: no map of our network by asking."""

    def private(_name: str, _port: int) -> list[str]:
        return ["10.1.2.3"]

    def nothing(_name: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    settings = NotificationSettings(webhook_loopback=False)
    said = {await tried("https://db.internal.example/", settings, one) for one in (private, nothing)}
    assert said == {NO_PUBLIC_ADDRESS}


async def test_name_when_it_changes_its_mind_then_the_address_that_was_looked_at_is_called(port: int) -> None:
    """Rebinding: public at the look, loopback at the call. It is looked up once, so there is no second answer."""
    looked: list[str] = []

    def rebinding(name: str, _port: int) -> list[str]:
        looked.append(name)
        return ["192.0.2.1"] if len(looked) % 2 else ["127.0.0.1"]

    resolver = Resolver(NotificationSettings(webhook_loopback=False).webhook_policy, threads=1, resolve=rebinding)
    for _ in range(10):
        with pytest.raises(RefusedDestination):  # 192.0.2.1 is for documentation, so nobody is called in this test
            await resolver.destination(f"https://rebind.example:{port}/")

    def public_then_local(name: str, _port: int) -> list[str]:
        looked.append(name)
        return ["93.184.216.34"] if len(looked) % 2 else ["127.0.0.1"]

    looked.clear()
    resolver = Resolver(
        NotificationSettings(webhook_loopback=False).webhook_policy, threads=1, resolve=public_then_local
    )
    found = await resolver.destination(f"https://rebind.example:{port}/x")
    assert (found.url, found.tls_name) == (f"https://93.184.216.34:{port}/x", "rebind.example")
    assert looked == ["rebind.example"]


async def test_resolver_when_it_hangs_then_the_loop_goes_on_and_the_try_ends(port: int) -> None:
    """A name server that never answers holds a thread of the resolver's own, and nobody waits for it."""
    release = threading.Event()

    def hanging(_name: str, _port: int) -> list[str]:
        release.wait(60)
        return ["127.0.0.1"]

    ticks = 0
    over = asyncio.Event()

    async def tick() -> None:
        nonlocal ticks
        while not over.is_set():
            ticks += 1
            await asyncio.sleep(0.05)

    ticking = asyncio.create_task(tick())
    began_s = time.monotonic()
    said = await tried(f"https://slow.example:{port}/", NotificationSettings(webhook_loopback=True), hanging)
    over.set()
    await ticking
    release.set()
    assert said == NO_PUBLIC_ADDRESS
    assert 4.5 < time.monotonic() - began_s < 12
    assert ticks > 30


async def test_loopback_when_it_is_allowed_then_our_own_ports_and_those_of_mail_are_not_called(port: int) -> None:
    """A webhook that leads to filemill itself could make events for itself without end."""
    settings = NotificationSettings()
    assert "filemill's own" in await tried("http://127.0.0.1:8004/webhooks/x/test", settings)
    assert "filemill's own" in await tried("http://localhost:8080/api", settings)
    assert "port 25" in await tried("http://127.0.0.1:25/", settings)
    assert "port 22" in await tried("http://[::1]:22/", settings)


async def test_proxy_when_the_environment_names_one_then_it_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    """A proxy would resolve the name once more, and connect where it likes."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    with receiving() as receiver:
        sender = Sender(Resolver(NotificationSettings().webhook_policy, threads=1))
        outcome = await sender.send(Message(f"{receiver.url}/x", "id", b"{}", [new_secret()]))
        await sender.close()
        assert outcome.status_code == 204


async def test_redirect_when_it_leads_inside_then_it_is_not_followed(port: int) -> None:
    """A 3xx of whatever kind is a failed try."""
    with receiving() as receiver:
        sender = Sender(Resolver(NotificationSettings().webhook_policy, threads=1))
        for status in (301, 302, 303, 307, 308):
            receiver.answers["/r"], receiver.headers["/r"] = [status], {"Location": f"http://127.0.0.1:{port}/"}
            outcome = await sender.send(Message(f"{receiver.url}/r", "id", b"{}", [new_secret()]))
            assert outcome.error == f"status {status}: redirects are not followed; use the address it leads to"
        await sender.close()


@pytest.mark.parametrize(
    ("auth_host", "explicit", "allowed"),
    [("127.0.0.1", None, True), ("127.0.0.1", False, False), ("0.0.0.0", None, False), ("0.0.0.0", True, True)],
)
async def test_loopback_when_others_may_make_webhooks_then_it_is_off_unless_set(
    auth_host: str, explicit: bool | None, allowed: bool, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    """By default exactly if nobody but this machine's own user can make any."""
    monkeypatch.setenv("FILEMILL_AUTH", "none")
    settings = NotificationSettings(host=auth_host, public_url="http://localhost", webhook_loopback=explicit)
    with receiving() as receiver:
        sender = Sender(Resolver(settings.webhook_policy, threads=1))
        outcome = await sender.send(Message(f"{receiver.url}/x", "id", b"{}", [new_secret()]))
        await sender.close()
        assert (outcome.status_code == 204) is allowed
        assert bool(receiver.calls) is allowed


async def test_networks_when_an_operator_names_some_then_they_may_be_called_and_link_local_never() -> None:
    """For receivers inside one's own network; where clouds keep credentials is refused at start."""
    settings = NotificationSettings(webhook_loopback=False, webhook_networks="10.20.0.0/16, fd12::/16")
    resolver = Resolver(settings.webhook_policy, threads=1, resolve=lambda _name, _port: ["10.20.1.1"])
    assert (await resolver.destination("http://crm.internal.example:9000/x")).url == "http://10.20.1.1:9000/x"
    mixed = Resolver(settings.webhook_policy, threads=1, resolve=lambda _name, _port: ["10.20.1.1", "10.30.0.1"])
    with pytest.raises(RefusedDestination):
        await mixed.destination("https://crm.internal.example/x")
    for wrong in ("169.254.0.0/16", "0.0.0.0/0", "fe80::/64", "x", "10.0.0.1/8"):
        with pytest.raises(StartError, match="FILEMILL_WEBHOOK_NETWORKS"):
            load(NotificationSettings, webhook_networks=wrong)


def test_canary_when_somebody_comes_then_it_notices() -> None:
    """The zero above is worth something."""
    with canary() as (number, hits):
        with socket.create_connection(("127.0.0.1", number)) as visitor:
            visitor.sendall(b"hello")
        wait_for(lambda: hits, "the canary to notice")
        assert hits == [b"hello"]
