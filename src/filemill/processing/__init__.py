"""The processing service: finds out what a file is and makes something of it, in a sandbox."""
