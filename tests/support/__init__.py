"""What several levels of tests share: a real mill on free ports, a client that retries as clients do."""
