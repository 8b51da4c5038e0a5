"""Where a call out of this machine may go."""

import pytest

from filemill.chassis.outbound import RefusedDestination, destination


def at(*addresses: str):  # type: ignore[no-untyped-def]
    """A resolver that knows one answer."""
    return lambda _name, _port: list(addresses)


def test_destination_when_the_address_is_public_then_the_call_is_pinned_to_it() -> None:
    """The name stays for the header and the certificate."""
    found = destination("https://models.example:8443/a/b?c=d#e", resolve=at("93.184.216.34"))
    assert (found.url, found.host, found.tls_name) == (
        "https://93.184.216.34:8443/a/b?c=d", "models.example:8443", "models.example",
    )  # fmt: skip
    six = destination("https://models.example/", resolve=at("2606:2800:220:1:248:1893:25c8:1946"))
    assert six.url == "https://[2606:2800:220:1:248:1893:25c8:1946]:443/"


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1",
     "100.64.0.1", "224.0.0.1", "ff02::1"],
)  # fmt: skip
def test_destination_when_one_address_is_not_public_then_it_is_refused(address: str) -> None:
    """Each address of the name must be public: the next look-up could give the other one."""
    with pytest.raises(RefusedDestination, match="not public"):
        destination("https://models.example/", resolve=at("93.184.216.34", address))
    with pytest.raises(RefusedDestination, match="not public"):
        destination("https://models.example/", resolve=at("93.184.216.34", address), loopback_allowed=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://models.example/",
        "ftp://models.example/",
        "file:///etc/passwd",
        "https://",
        "https://me:secret@x.example/",
        "x",
    ],
)
def test_destination_when_it_is_no_plain_https_address_then_it_is_refused_without_its_secrets(url: str) -> None:
    """Nothing but HTTPS, and no credentials in an address."""
    with pytest.raises(RefusedDestination) as refused:
        destination(url, resolve=at("93.184.216.34"))
    assert "secret" not in str(refused.value)


def test_destination_when_loopback_is_allowed_then_plain_http_is_too_but_only_there() -> None:
    """For mirrors of one's own and tests."""
    assert (
        destination("http://localhost:1/x", loopback_allowed=True, resolve=at("127.0.0.1")).url
        == "http://127.0.0.1:1/x"
    )
    with pytest.raises(RefusedDestination):
        destination("http://models.example/x", loopback_allowed=True, resolve=at("93.184.216.34"))
    with pytest.raises(RefusedDestination):
        destination("https://localhost/x", resolve=at("127.0.0.1"))


def test_destination_when_the_name_is_unknown_then_it_says_so() -> None:
    """A typing error is not a stack trace."""

    def unknown(_name: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(RefusedDestination, match="cannot be resolved"):
        destination("https://models.example/", resolve=unknown)
