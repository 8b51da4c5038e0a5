"""HTTP: the app factory, the edge of every request, errors as problem+json, health, paging, who is calling."""
