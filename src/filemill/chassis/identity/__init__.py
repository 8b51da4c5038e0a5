"""Who is calling: the principal, and the short-lived tokens by which services believe it."""
