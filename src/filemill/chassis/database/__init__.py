"""A database per service. A transaction is a function; the engine decides how to run it."""
