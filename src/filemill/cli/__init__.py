"""The `filemill` command: a client of the HTTP API, and the operator's commands beside the services."""
