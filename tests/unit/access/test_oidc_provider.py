"""The issuer's keys: rotated, away, slow, oversized, redirecting; and logins with PKCE."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from filemill.access.oidc import Oidc, OidcSettings
from filemill.access.oidc_http import BODY_MOST_BYTES, IssuerHttp
from filemill.access.oidc_login import Started
from filemill.access.oidc_provider import FRESH_S, LAST_GOOD_MOST_S, REFETCH_LEAST_S, RETRY_LEAST_S, Provider
from filemill.access.oidc_tokens import Rules, Tokens
from filemill.chassis.errors import Unauthenticated, Unavailable
from support.issuer import AUDIENCE, CLIENT, Issuer, SigningKey, issuing, token
from support.receiver import canary

OLD, NEW = SigningKey.rsa("old"), SigningKey.ec("new")
BACK = "http://localhost:8080/api/session/callback"


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(OLD) as found:
        yield found


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def tokens(issuer: Issuer, hands: Hands) -> AsyncIterator[Tokens]:
    http = IssuerHttp()
    provider = Provider(issuer.url, http, clock=hands)
    yield Tokens(Rules(issuer.url, AUDIENCE, CLIENT), provider)
    provider.close()
    await http.close()


@pytest.fixture
async def oidc(issuer: Issuer) -> AsyncIterator[Oidc]:
    made = Oidc(OidcSettings(issuer.url, AUDIENCE, CLIENT))
    yield made
    await made.close()


async def test_keys_when_many_ask_at_once_then_the_issuer_is_asked_once(issuer: Issuer, tokens: Tokens) -> None:
    """One look serves all, and later ones none."""
    good = token(OLD, issuer.claims())
    await asyncio.gather(*[tokens.access(good) for _ in range(50)])
    await tokens.access(good)
    assert issuer.hits == {"/.well-known/openid-configuration": 1, "/jwks": 1}


async def test_keys_when_they_are_rotated_then_a_new_one_is_believed_at_once_and_an_old_one_no_more(
    issuer: Issuer, tokens: Tokens, hands: Hands
) -> None:
    """An unknown id is looked for; what the issuer took away is gone with that look."""
    await tokens.access(token(OLD, issuer.claims()))
    issuer.keys = [NEW]
    hands.now_s += REFETCH_LEAST_S + 1
    await tokens.access(token(NEW, issuer.claims(), "ES256"))
    with pytest.raises(Unauthenticated):
        await tokens.access(token(OLD, issuer.claims()))


async def test_keys_when_the_only_one_has_no_id_then_tokens_need_none_and_a_rotation_is_noticed(
    issuer: Issuer, tokens: Tokens, hands: Hands
) -> None:
    """As OpenID Connect Core 10.1 allows; with two keys a token has to name its own."""
    assert (await tokens.access(token(OLD, issuer.claims(), kid=None))).owner_id == "ada"
    issuer.keys = [NEW]
    with pytest.raises(Unauthenticated):
        await tokens.access(token(NEW, issuer.claims(), "ES256", kid=None))  # looked a moment ago
    hands.now_s += REFETCH_LEAST_S + 1
    assert (await tokens.access(token(NEW, issuer.claims(), "ES256", kid=None))).owner_id == "ada"
    issuer.keys = [NEW, OLD]
    hands.now_s += REFETCH_LEAST_S + 1
    await tokens.access(token(OLD, issuer.claims()))
    with pytest.raises(Unauthenticated):
        await tokens.access(token(OLD, issuer.claims(), kid=None))


async def test_keys_when_unknown_ids_come_in_floods_then_the_issuer_hears_little_of_it(
    issuer: Issuer, tokens: Tokens, hands: Hands
) -> None:
    """Two calls a minute, whoever sends what; a real rotation is still found."""
    await tokens.access(token(OLD, issuer.claims()))
    for number in range(200):
        with pytest.raises(Unauthenticated):
            await tokens.access(token(OLD, issuer.claims(), kid=f"made-up-{number}"))
        hands.now_s += 0.5
    assert issuer.hits["/jwks"] <= 1 + 100 / REFETCH_LEAST_S + 1
    issuer.keys.append(NEW)
    hands.now_s += REFETCH_LEAST_S + 1
    await tokens.access(token(NEW, issuer.claims(), "ES256"))


@pytest.mark.parametrize("how", ["500", "garbage", "list", "huge", "redirect", "other issuer", "plain http", "no keys"])
async def test_keys_when_the_issuer_is_not_right_then_503_and_a_retry_helps(
    issuer: Issuer, tokens: Tokens, hands: Hands, how: str
) -> None:
    """Never a 401 for what the caller cannot help, and nobody is followed anywhere."""
    with canary() as (port, hits):
        break_issuer(issuer, how, port)
        with pytest.raises(Unavailable) as refused:
            await tokens.access(token(OLD, issuer.claims()))
        assert refused.value.retryable
        assert hits == []
    issuer.status, issuer.raw, issuer.redirect, issuer.described = 200, None, None, {}
    hands.now_s += RETRY_LEAST_S + 1
    assert (await tokens.access(token(OLD, issuer.claims()))).owner_id == "ada"


def break_issuer(issuer: Issuer, how: str, port: int) -> None:
    match how:
        case "500":
            issuer.status = 500
        case "garbage":
            issuer.raw = b"<html>"
        case "list":
            issuer.raw = b"[]"
        case "huge":
            issuer.raw = b'{"x": "' + b"x" * BODY_MOST_BYTES + b'"}'
        case "redirect":
            issuer.redirect = f"http://127.0.0.1:{port}/"
        case "other issuer":
            issuer.described = {"issuer": "https://other.example"}
        case "plain http":
            issuer.described = {"jwks_uri": "http://issuer.example/jwks"}
        case "no keys":
            issuer.described = {"jwks_uri": f"{issuer.url}/nothing"}


async def test_keys_when_the_issuer_goes_away_then_the_last_good_ones_count_for_some_hours(
    issuer: Issuer, tokens: Tokens, hands: Hands
) -> None:
    """Nobody is locked out by an issuer that restarts, and nobody is believed for ever."""
    good = token(OLD, issuer.claims())
    await tokens.access(good)
    issuer.status = 503
    hands.now_s += FRESH_S + 1
    assert (await tokens.access(good)).owner_id == "ada"
    with pytest.raises(Unavailable):
        await tokens.access(token(NEW, issuer.claims(), "ES256"))
    hands.now_s += LAST_GOOD_MOST_S
    with pytest.raises(Unavailable):
        await tokens.access(good)
    issuer.status = 200
    hands.now_s += RETRY_LEAST_S + 1
    assert (await tokens.access(good)).owner_id == "ada"


async def test_keys_when_the_issuer_is_silent_then_a_known_key_waits_for_nobody(
    issuer: Issuer, tokens: Tokens, hands: Hands
) -> None:
    """The look goes on beside the request."""
    good = token(OLD, issuer.claims())
    await tokens.access(good)
    issuer.silent = True
    hands.now_s += FRESH_S + 1
    async with asyncio.timeout(2):
        for _ in range(20):
            await tokens.access(good)


async def test_keys_when_the_issuer_never_answers_then_503_within_seconds(issuer: Issuer, tokens: Tokens) -> None:
    """Five seconds in all."""
    issuer.silent = True
    async with asyncio.timeout(15):
        with pytest.raises(Unavailable):
            await tokens.access(token(OLD, issuer.claims()))


async def begun(issuer: Issuer, oidc: Oidc) -> Started:
    """A login whose person has agreed: the issuer knows the code `good`."""
    started = await oidc.login.begin(BACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(started.url).query).items()}
    assert started.url.startswith(f"{issuer.url}/authorize?")
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid")
    assert (asked["state"], asked["nonce"], asked["client_id"]) == (started.state, started.nonce, CLIENT)
    assert started.verifier not in started.url
    assert 43 <= len(started.verifier) <= 128
    issuer.codes["good"] = asked
    return started


async def test_login_when_the_code_is_good_then_it_says_who_once(issuer: Issuer, oidc: Oidc) -> None:
    """The verifier fits the challenge; a code works once."""
    started = await begun(issuer, oidc)
    found = await oidc.login.complete(started, state=started.state, code="good", issuer=issuer.url)
    assert (found.subject, found.owner_id) == ("ada", "ada")
    with pytest.raises(Unauthenticated):
        await oidc.login.complete(started, state=started.state, code="good")


async def test_login_when_an_answer_belongs_elsewhere_then_it_is_refused(issuer: Issuer, oidc: Oidc) -> None:
    """Another state (CSRF), another issuer (mix-up), another login's code (injection), no code."""
    started = await begun(issuer, oidc)
    for state, code, iss in (
        ("x", "good", None), ("", "good", None), ("é", "good", None), (started.state, "good", "https://other.example"),
        (started.state, "", None), (started.state, "x" * 5000, None), (started.state, "unknown", None),
    ):  # fmt: skip
        with pytest.raises(Unauthenticated):
            await oidc.login.complete(started, state=state, code=code, issuer=iss)
    other = await oidc.login.begin(BACK)
    with pytest.raises(Unauthenticated):  # the code was given for another challenge
        await oidc.login.complete(other, state=other.state, code="good")


async def test_login_when_the_id_token_is_of_another_login_or_client_then_it_is_refused(
    issuer: Issuer, oidc: Oidc
) -> None:
    """Nonce and audience are checked although the code came straight from the issuer."""
    issuer_tokens = oidc._tokens
    for more in (
        {"nonce": "x"},
        {"nonce": None},
        {"nonce": 7},
        {"aud": AUDIENCE},
        {"azp": "other"},
        {"aud": [CLIENT, "other"]},
    ):
        claims = issuer.claims(**({"aud": CLIENT, "nonce": "n"} | more))
        with pytest.raises(Unauthenticated):
            await issuer_tokens.id_token(token(OLD, claims), "n")
    await issuer_tokens.id_token(token(OLD, issuer.claims(aud=[CLIENT], nonce="n")), "n")


async def test_login_when_the_issuer_says_that_it_names_itself_then_an_answer_without_it_is_refused(
    issuer: Issuer, oidc: Oidc
) -> None:
    """RFC 9207."""
    issuer.described = {"authorization_response_iss_parameter_supported": True}
    started = await begun(issuer, oidc)
    with pytest.raises(Unauthenticated):
        await oidc.login.complete(started, state=started.state, code="good")
    assert (await oidc.login.complete(started, state=started.state, code="good", issuer=issuer.url)).owner_id == "ada"
