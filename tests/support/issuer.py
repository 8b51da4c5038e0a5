"""An issuer of tokens on real sockets, for what no honest provider does: forged, rotated, weak, slow, oversized.

Tokens are signed with `cryptography` alone, so nothing of the library that reads them is used to make them.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from support.threaded_server import serving

AUDIENCE, CLIENT = "filemill-api", "filemill-web"
_HASHES: dict[str, Any] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@dataclass
class SigningKey:
    """A key pair, with its public half as a JWK."""

    kid: str
    private: Any
    more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def rsa(cls, kid: str, bits: int = 2048, **more: Any) -> "SigningKey":
        return cls(kid, rsa.generate_private_key(65537, bits), more)

    @classmethod
    def ec(cls, kid: str, curve: Any = None) -> "SigningKey":
        return cls(kid, ec.generate_private_key(curve or ec.SECP256R1()))

    @classmethod
    def ed25519(cls, kid: str) -> "SigningKey":
        return cls(kid, ed25519.Ed25519PrivateKey.generate())

    @property
    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        found: dict[str, Any] = {"kid": self.kid, "use": "sig", **self.more}
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **found}
        if isinstance(public, ec.EllipticCurvePublicKey):
            size = (public.key_size + 7) // 8
            point = public.public_numbers()
            return {
                "kty": "EC",
                "crv": f"P-{public.key_size}",
                "x": number(point.x, size),
                "y": number(point.y, size),
                **found,
            }
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), **found}

    def public_pem(self) -> bytes:
        pem: bytes = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pem

    def sign(self, algorithm: str, data: bytes) -> bytes:
        made: bytes
        if algorithm in ("EdDSA", "Ed25519"):
            made = self.private.sign(data)
            return made
        digest = _HASHES[algorithm[2:]]()
        if algorithm.startswith("RS"):
            made = self.private.sign(data, padding.PKCS1v15(), digest)
            return made
        if algorithm.startswith("PS"):
            made = self.private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
            return made
        size = (self.private.key_size + 7) // 8
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def token(key: SigningKey, claims: Any, algorithm: str = "RS256", **header: Any) -> str:
    """A signed token; `header` adds to it or, with None, takes away."""
    head = {"alg": algorithm, "kid": key.kid, **header}
    head = {name: value for name, value in head.items() if value is not None}
    signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(key.sign(algorithm, signed.encode()))}"


def hmac_token(secret: bytes, claims: Any, kid: str, algorithm: str = "HS256") -> str:
    """A token whose signature is an HMAC: with a public key as the secret, the classic confusion."""
    signed = f"{b64(json.dumps({'alg': algorithm, 'kid': kid}).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


@dataclass
class Issuer:
    """What it publishes, and how it behaves. `hits` counts calls by path."""

    url: str = ""
    keys: list[SigningKey] = field(default_factory=list)
    extra_jwks: list[Any] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    raw: bytes | None = None
    silent: bool = False
    redirect: str | None = None
    hits: dict[str, int] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def claims(self, **more: Any) -> dict[str, Any]:
        """Claims of a good access token; None takes one away."""
        now = int(time.time())
        found = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "ada",
            "exp": now + 300,
            "iat": now,
            "scope": "files:read files:write",
        }
        return {name: value for name, value in (found | more).items() if value is not None}

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks", **self.described,
            }  # fmt: skip
        if path == "/jwks":
            return 200, {"keys": [*[key.jwk for key in self.keys], *self.extra_jwks]}
        if path == "/token":
            return self._code(form)
        return 404, {}

    def _code(self, form: dict[str, str]) -> tuple[int, Any]:
        """PKCE as RFC 7636, 4.6 has it: the challenge is that of the verifier, or there is no token."""
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        if asked is None or b64(hashlib.sha256(verifier).digest()) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        claims = self.claims(aud=CLIENT, nonce=asked["nonce"], scope=None)
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": token(self.keys[0], claims)}


@contextmanager
def issuing(*keys: SigningKey) -> Iterator[Issuer]:
    """An issuer until the context ends."""
    found = Issuer(keys=list(keys))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(text).items()})

        def _answer(self, form: dict[str, str]) -> None:
            found.hits[self.path] = found.hits.get(self.path, 0) + 1
            if found.silent:
                found.over.wait(30)
                return
            status, said = found.answer(self.path, form)
            body = found.raw if found.raw is not None else json.dumps(said).encode()
            self.send_response(302 if found.redirect else status if found.status == 200 else found.status)
            if found.redirect:
                self.send_header("Location", found.redirect)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    with serving(Handler, found.over) as found.url:
        yield found
