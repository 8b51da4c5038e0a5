"""How often somebody may call: one count for all instances of all services."""
