"""What schemathesis must be told to speak with the mill: bodies of tus, whose media type it does not know."""

import schemathesis
from hypothesis import strategies

schemathesis.openapi.media_type("application/offset+octet-stream", strategies.binary(max_size=4096))
