"""Tokens by which services believe `access`, and assertions by which `access` believes services."""

import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from filemill.chassis.errors import StartError, Unauthenticated
from filemill.chassis.identity.principal import FILES, Principal, Scope
from filemill.chassis.identity.service_assertions import ServiceAssertions
from filemill.chassis.identity.tokens import IdentityReader, IdentitySigner
from filemill.chassis.settings import ServiceSettings

SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
ANN = Principal("ann", frozenset({Scope.READ, Scope.ADMIN}), "key", "01890000-0000-7000-8000-000000000000")
SECRET, OLD_SECRET = "s" * 32, "o" * 32


def reader_of(signer: IdentitySigner) -> IdentityReader:
    return IdentityReader(signer.public_keys())


def test_token_when_read_then_it_is_the_caller_that_was_written() -> None:
    """With who, what and how; it holds for a minute."""
    signer = IdentitySigner([SEED])
    token = signer.write(ANN)
    principal, ends_at = reader_of(signer).read(token)
    assert (principal.owner_id, principal.scopes, principal.how) == ("ann", ANN.scopes, "key")
    assert (principal.credential_id, principal.token, principal.is_admin) == (ANN.credential_id, token, True)
    assert 55 < ends_at - time.time() <= 60
    assert token not in repr(principal)


def test_public_keys_when_shown_then_they_hold_no_secret() -> None:
    """Whoever reads them can believe and not write."""
    [key] = IdentitySigner([SEED]).public_keys()
    assert "d" not in key
    assert SEED.hex() not in str(key)


def test_token_when_keys_are_rotated_then_the_old_ones_are_still_believed() -> None:
    """The newest signs."""
    old, both = IdentitySigner([OTHER]), IdentitySigner([SEED, OTHER])
    assert reader_of(both).read(old.write(ANN))[0].owner_id == "ann"
    assert not reader_of(old).knows(both.write(ANN))
    assert reader_of(IdentitySigner([SEED])).knows(both.write(ANN))


def _signed(seed: bytes, header: dict[str, str], **changes: object) -> str:
    signer = IdentitySigner([seed])
    claims = {"iss": "filemill-access", "sub": "ann", "scopes": [], "how": "key", "cid": None, "exp": time.time() + 60}
    key = OKPKey.import_key(next(iter(signer._keys.values())).as_dict(private=True))
    kid = signer.public_keys()[0]["kid"]
    return jwt.encode({"alg": "Ed25519", "kid": kid} | header, claims | changes, key, algorithms=["Ed25519"])


@pytest.mark.parametrize(
    ("seed", "header", "changes"),
    [
        (SEED, {}, {"exp": time.time() - 1}),
        (SEED, {}, {"exp": time.time() + 3600}),
        (SEED, {}, {"exp": "soon"}),
        (SEED, {}, {"iss": "somebody"}),
        (SEED, {}, {"scopes": ["everything"]}),
        (SEED, {}, {"scopes": None}),
        (OTHER, {}, {}),
        (OTHER, {"kid": IdentitySigner([SEED]).public_keys()[0]["kid"]}, {}),
    ],
    ids=["expired", "too far ahead", "no time", "issuer", "scope", "no scopes", "unknown key", "another key's name"],
)
def test_token_when_it_is_not_what_access_writes_then_it_is_refused(
    seed: bytes, header: dict[str, str], changes: dict[str, object]
) -> None:
    """Signed or not: every claim counts."""
    reader = reader_of(IdentitySigner([SEED]))
    with pytest.raises(Unauthenticated):
        reader.read(_signed(seed, header, **changes))


def test_token_when_another_algorithm_is_named_then_it_is_refused() -> None:
    """The public key must not become a shared secret, and `none` signs nothing (RFC 8725, 2.1)."""
    signer = IdentitySigner([SEED])
    [public] = signer.public_keys()
    claims = {"iss": "filemill-access", "sub": "ann", "scopes": ["admin"], "how": "key", "cid": None, "exp": 2**31}
    confused = jwt.encode({"alg": "HS256", "kid": public["kid"]}, claims, OctKey.import_key(str(public["x"]).encode()))
    head, body, _ = signer.write(ANN).split(".")
    for token in (confused, f"{head}.{body}.", f"{head}.{body}", "", ".", "..", "a.b.c", "A" * 5000, head, "\x00"):
        with pytest.raises(Unauthenticated):
            reader_of(signer).read(token)
        assert isinstance(reader_of(signer).knows(token), bool)


@pytest.mark.parametrize("keys", ["", "abc", "zz" * 32, SEED.hex()[:-2], f"{SEED.hex()},"[:10]])
def test_signer_when_its_keys_are_no_keys_then_the_start_says_how_to_make_one(keys: str) -> None:
    """One line that names the setting."""
    with pytest.raises(StartError, match=r"FILEMILL_IDENTITY_KEYS.*openssl"):
        IdentitySigner.from_settings(ServiceSettings(identity_keys=keys))  # type: ignore[arg-type]


def test_assertion_when_read_then_it_names_the_service_and_whom_it_acts_for() -> None:
    """For an owner's files, or for the installation; written again only after a while."""
    mine = ServiceAssertions("processing", [SECRET, OLD_SECRET])
    others = ServiceAssertions("access", [SECRET])
    acting = others.read(mine.write("ann"))
    assert (acting.owner_id, acting.how, acting.credential_id) == ("ann", "service", "processing")
    assert acting.scopes == FILES | {Scope.SERVICE}
    assert others.read(mine.write()).owner_id == "service:processing"
    assert mine.write("ann") == mine.write("ann") != mine.write("bob")
    assert others.read(ServiceAssertions("ai", [SECRET]).write()).credential_id == "ai"
    assert mine.read(ServiceAssertions("ai", [OLD_SECRET]).write()).credential_id == "ai"


@pytest.mark.parametrize("token", ["", "fms_", "fms_a.b.c", "fms_" + "A" * 5000, "fm_x", "fms_é"])
def test_assertion_when_it_is_none_then_it_is_refused(token: str) -> None:
    """And so is one that another secret signed."""
    others = ServiceAssertions("access", [SECRET])
    with pytest.raises(Unauthenticated):
        others.read(token)
    with pytest.raises(Unauthenticated):
        others.read(ServiceAssertions("upload", ["x" * 32]).write("ann"))
