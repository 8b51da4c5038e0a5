"""Secrets of webhooks. They must be readable to sign with, so they are kept sealed and not hashed (`chassis.sealing`).

Where a seal cannot be opened any more, rotating the secret of the webhook mends it.
"""

import base64
import secrets

SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64."""
PREFIX = "whsec_"
PURPOSE = b"filemill webhook secrets"


def new_secret() -> str:
    """A fresh secret in the form of Standard Webhooks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")
