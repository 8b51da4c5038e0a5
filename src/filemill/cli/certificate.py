"""A certificate for the gateway: yours if it is there, else one that this installation signs itself, so that TLS works at once.

Browsers warn of the second kind until it is replaced: put `tls.crt` (with its chain) and `tls.key` into the folder.
On failure: `StartError` with one line; a retry is useless until the files are put right.
"""

import datetime
import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from filemill.chassis.clock import now
from filemill.chassis.errors import StartError

CERTIFICATE, KEY = "tls.crt", "tls.key"
LIFE = datetime.timedelta(days=397)
"""The longest that browsers accept of a certificate they trust."""
RENEWED_BEFORE = datetime.timedelta(days=30)
_OURS = "filemill, signed by itself"


def provide(folder: Path, public_url: str | None) -> str:
    """See that the folder holds a certificate and its key; returns what to tell. Raises `StartError`."""
    certificate, key = folder / CERTIFICATE, folder / KEY
    if certificate.exists() or key.exists():
        found = _checked(certificate, key)
        if not (_is_ours(found) and found.not_valid_after_utc - now() < RENEWED_BEFORE):
            return f"the certificate is good until {found.not_valid_after_utc:%Y-%m-%d}"
    made = _make(folder, urlsplit(public_url or "").hostname)
    return f"a certificate signed by itself was made, good until {made.not_valid_after_utc:%Y-%m-%d}"


def _checked(certificate: Path, key: Path) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except OSError as error:
        raise StartError(
            f"{error.filename} cannot be read: {error.strerror}; the folder needs both {CERTIFICATE} and {KEY}"
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StartError(f"{certificate}, {key}: these are no PEM certificate and unlocked key: {error}") from error
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if found.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise StartError(f"{key} is not the key of {certificate}; put the pair that belongs together there")
    if found.not_valid_after_utc <= now() and not _is_ours(found):
        raise StartError(f"{certificate} ended on {found.not_valid_after_utc:%Y-%m-%d}; put a new one there")
    return found


def _is_ours(certificate: x509.Certificate) -> bool:
    names = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return certificate.issuer == certificate.subject and [one.value for one in names] == [_OURS]


def _make(folder: Path, host: str | None) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    hosts = dict.fromkeys(["localhost", "127.0.0.1", *([host] if host else [])])
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _OURS),
            x509.NameAttribute(NameOID.COMMON_NAME, host or "localhost"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - datetime.timedelta(hours=1))  # clocks differ
        .not_valid_after(now() + LIFE)
        .add_extension(x509.SubjectAlternativeName([_general_name(one) for one in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        # NGINX reads both as a user of its own; the folder is for it alone.
        for path, text in (
            (folder / KEY, private),
            (folder / CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM)),
        ):
            path.write_bytes(text)
            path.chmod(0o444)
    except OSError as error:
        raise StartError(f"{error.filename} cannot be written: {error.strerror}") from error
    return certificate


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
