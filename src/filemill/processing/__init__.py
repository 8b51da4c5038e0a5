"""The processing service: what a file is, what it says and how it looks, found out in a sandbox."""
