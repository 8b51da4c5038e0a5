"""Blobs: bytes under a key that is ours. Durable when `commit` returns, immutable after, readable by every service."""
