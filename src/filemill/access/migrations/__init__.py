"""Schema revisions of this service, run by `filemill migrate` and at start."""
