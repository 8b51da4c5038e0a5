"""Which tokens are believed, against an issuer on real sockets; every forgery is refused with the same status."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from filemill.access.oidc import Oidc, OidcSettings
from filemill.access.oidc_tokens import TOKEN_MOST_BYTES
from filemill.chassis.errors import StartError, Unauthenticated
from support.issuer import AUDIENCE, CLIENT, Issuer, SigningKey, b64, hmac_token, issuing, token

RSA = SigningKey.rsa("rsa")
KEYS = {
    "RS256": RSA, "RS384": RSA, "RS512": RSA, "PS256": RSA, "PS384": RSA, "PS512": RSA, "ES256": SigningKey.ec("p256"),
    "ES384": SigningKey.ec("p384", ec.SECP384R1()), "EdDSA": (ED := SigningKey.ed25519("ed")), "Ed25519": ED,
}  # fmt: skip
STRANGER = SigningKey.rsa("rsa")
"""Another pair under the id of the issuer's own."""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(RSA, KEYS["ES256"], KEYS["ES384"], KEYS["EdDSA"]) as found:
        yield found


@pytest.fixture
async def oidc(issuer: Issuer) -> AsyncIterator[Oidc]:
    made = Oidc(OidcSettings(issuer.url, AUDIENCE, CLIENT, admin_claim="realm.roles", admin_value="admin"))
    yield made
    await made.close()


@pytest.mark.parametrize("algorithm", KEYS)
async def test_access_when_the_token_is_good_then_it_says_who_and_what(
    issuer: Issuer, oidc: Oidc, algorithm: str
) -> None:
    """Each algorithm of the list, signed by another library than the one that reads it."""
    found = await oidc.access(token(KEYS[algorithm], issuer.claims(), algorithm, typ="at+jwt"))
    assert (found.subject, found.owner_id, found.is_admin) == ("ada", "ada", False)
    assert found.scopes == {"files:read", "files:write"}
    assert 250 < found.expires_at_s - time.time() < 310


async def test_access_when_claims_say_more_then_owner_admin_and_scopes_follow(issuer: Issuer, oidc: Oidc) -> None:
    """An administrator by a path of claims; scopes as a list; several audiences; a skew of a minute is forgiven."""
    now = int(time.time())
    roles = {"realm": {"roles": ["user", "admin"]}}
    assert (await oidc.access(token(RSA, issuer.claims(**roles)))).is_admin
    for other in (
        {"realm": {"roles": ["administrator"]}},
        {"realm": {"roles": "user"}},
        {"realm": "admin"},
        {"admin": True},
    ):
        assert not (await oidc.access(token(RSA, issuer.claims(**other)))).is_admin
    assert (await oidc.access(token(RSA, issuer.claims(scope=["a", "b", 7])))).scopes == {"a", "b"}
    assert (await oidc.access(token(RSA, issuer.claims(scope=None)))).scopes == frozenset()
    await oidc.access(token(RSA, issuer.claims(aud=["x", AUDIENCE])))
    await oidc.access(token(RSA, issuer.claims(exp=now - 50)))
    await oidc.access(token(RSA, issuer.claims(nbf=now + 50, iat=now + 50)))
    by_name = Oidc(OidcSettings(issuer.url, AUDIENCE, CLIENT, owner_claim="tenant"))
    assert (await by_name.access(token(RSA, issuer.claims(tenant="t1")))).owner_id == "t1"
    for wrong in (None, "", 7, "x" * 201, "a\nb", ["a"]):
        with pytest.raises(Unauthenticated):
            await by_name.access(token(RSA, issuer.claims(tenant=wrong)))
    await by_name.close()


NOW = int(time.time())
WRONG_CLAIMS: list[dict[str, Any]] = [
    {"exp": NOW - 3600}, {"exp": None}, {"exp": "tomorrow"}, {"exp": True}, {"exp": float("nan")}, {"exp": float("inf")},
    {"exp": 1e300}, {"exp": -1}, {"exp": [NOW + 60]}, {"exp": {}}, {"nbf": NOW + 7200}, {"nbf": "x"}, {"iat": NOW + 7200},
    {"iat": None, "nbf": NOW + 7200}, {"iss": "https://other.example"}, {"iss": None}, {"iss": 7}, {"iss": ["x"]},
    {"aud": "other"}, {"aud": None}, {"aud": []}, {"aud": ["other"]}, {"aud": AUDIENCE + "x"}, {"aud": {"a": AUDIENCE}},
    {"aud": AUDIENCE.upper()}, {"aud": CLIENT}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 201}, {"sub": "a\x00b"},
    {"nonce": "n"}, {"at_hash": "h"}, {"c_hash": "h"},
]  # fmt: skip


@pytest.mark.parametrize("more", WRONG_CLAIMS, ids=range(len(WRONG_CLAIMS)))  # the time of day is in them
async def test_access_when_a_claim_is_wrong_then_it_is_refused(
    issuer: Issuer, oidc: Oidc, more: dict[str, Any]
) -> None:
    """Expired, future, other issuer, wrong audience, an id token, nonsense: properly signed, and refused."""
    with pytest.raises(Unauthenticated):
        await oidc.access(token(RSA, issuer.claims(**more)))


def forgeries(issuer: Issuer) -> dict[str, str]:
    """Tokens that nobody may believe, by what is done to them."""
    good = token(RSA, issuer.claims())
    head, body, signature = good.split(".")
    none = {alg: b64(f'{{"alg":"{alg}","kid":"rsa"}}'.encode()) for alg in ("none", "None", "NONE", "nOnE", "")}
    other = b64(b'{"iss":"%b","aud":"filemill-api","sub":"eve","exp":9999999999}' % issuer.url.encode())
    return {
        **{f"alg {alg!r}, no signature": f"{first}.{body}." for alg, first in none.items()},
        **{f"alg {alg!r}, old signature": f"{first}.{body}.{signature}" for alg, first in none.items()},
        "hmac with the public key as PEM": hmac_token(RSA.public_pem(), issuer.claims(), "rsa"),
        "hmac with the modulus": hmac_token(RSA.jwk["n"].encode(), issuer.claims(), "rsa"),
        "hmac with nothing": hmac_token(b"", issuer.claims(), "rsa"),
        "hmac 512": hmac_token(RSA.public_pem(), issuer.claims(), "rsa", "HS512"),
        "another key under this id": token(STRANGER, issuer.claims()),
        "another key, brought along": token(STRANGER, issuer.claims(), jwk=STRANGER.jwk),
        "another key, by address": token(
            STRANGER, issuer.claims(), jku="http://127.0.0.1:1/jwks", x5u="http://127.0.0.1:1/"
        ),
        "other claims": f"{head}.{other}.{signature}",
        "signature cut": good[:-10],
        "signature of nothing": f"{head}.{body}.",
        "signature of zeros": f"{head}.{body}.{b64(bytes(256))}",
        "es256 of zeros": f"{b64(b'{}')}.{body}.{b64(bytes(64))}",
        "es256, r and s zero": ".".join([b64(b'{"alg":"ES256","kid":"p256"}'), body, b64(bytes(64))]),
        "key of another kind": token(RSA, issuer.claims(), kid="p256"),
        "no key id": token(RSA, issuer.claims(), kid=None),
        "key id that is a number": token(RSA, issuer.claims(), kid=7),
        "key id that is long": token(RSA, issuer.claims(), kid="x" * 300),
        "key id that is a path": token(RSA, issuer.claims(), kid="../../etc/passwd"),
        "critical header": token(RSA, issuer.claims(), crit=["b64"], b64=False),
        "critical header that nobody knows": token(RSA, issuer.claims(), crit=["x"], x=1),
        "type of a logout token": token(RSA, issuer.claims(), typ="logout+jwt"),
        "type that is no text": token(RSA, issuer.claims(), typ=7),
        "claims that are a list": token(RSA, [issuer.claims()]),
        "claims that are a text": token(RSA, "x"),
        "claims that are deep": token(RSA, issuer.claims(x=[[[[[[[[[[1]]]]]]]]]])),
        "two dots missing": good.replace(".", ""),
        "four parts": good + ".x",
        "five parts, as an encrypted one": f"{good}.x.x",
        "not ascii": "é" + good,
        "line feeds": good + "\n",
        "nothing": "",
        "opaque": "x" * 40,
        "too large": token(RSA, issuer.claims(x="x" * TOKEN_MOST_BYTES)),
        "a megabyte": "x" * 1_000_000,
    }


FORGERIES = list(forgeries(Issuer(url="http://127.0.0.1:1")))


@pytest.mark.parametrize("name", FORGERIES)
async def test_access_when_a_token_is_forged_then_it_is_refused(issuer: Issuer, oidc: Oidc, name: str) -> None:
    """Nothing but 401, and nobody but the issuer is asked."""
    await oidc.access(token(RSA, issuer.claims()))
    with pytest.raises(Unauthenticated):
        await oidc.access(forgeries(issuer)[name])


async def test_access_when_the_key_is_for_another_algorithm_or_weak_then_it_is_refused(
    issuer: Issuer, oidc: Oidc
) -> None:
    """A key that says its algorithm is used with no other; short keys, secrets and private halves of a set are left out."""
    bound, weak, encrypting = (
        SigningKey.rsa("bound", alg="RS256"),
        SigningKey.rsa("weak", 1024),
        SigningKey.rsa("enc", use="enc"),
    )
    issuer.keys += [bound, weak, encrypting]
    secret = {"kty": "oct", "kid": "oct", "k": b64(b"s" * 32)}
    issuer.extra_jwks = [
        secret,
        7,
        {},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
        {"kty": "new", "kid": "pq"},
    ]
    await oidc.access(token(bound, issuer.claims()))
    for refused in (
        token(bound, issuer.claims(), "PS256"), token(weak, issuer.claims()), token(encrypting, issuer.claims()),
        hmac_token(b"s" * 32, issuer.claims(), "oct"),
    ):  # fmt: skip
        with pytest.raises(Unauthenticated):
            await oidc.access(refused)


@pytest.mark.parametrize(
    "more",
    [
        {"issuer": "http://issuer.example"}, {"issuer": "ftp://x"}, {"issuer": ""}, {"audience": ""}, {"client_id": ""},
        {"skew_s": 61}, {"skew_s": -1}, {"admin_claim": "roles"}, {"admin_value": "admin"}, {"owner_claim": ""},
    ],
)  # fmt: skip
def test_settings_when_they_are_not_safe_then_the_start_ends_in_one_line(more: dict[str, Any]) -> None:
    """Plain HTTP only to this machine; a skew of a minute at most."""
    with pytest.raises(StartError, match="FILEMILL_OIDC"):
        OidcSettings(**({"issuer": "https://issuer.example", "audience": "a", "client_id": "c"} | more))
