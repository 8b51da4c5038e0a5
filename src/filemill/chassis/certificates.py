"""Which certificates a service trusts where it is asked to speak HTTPS to another.

Reading them takes some 30 ms and a megabyte, so it is done once for all clients of a process; the mill on one machine does it
before it forks. Not for: what users name (webhooks, issuers of logins), which has a rule of its own where it is asked.
"""

import functools
import ssl

import httpx


@functools.cache
def trusted() -> ssl.SSLContext:
    """The public authorities, or those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name."""
    return httpx.create_ssl_context()
