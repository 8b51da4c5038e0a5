"""Jobs: a row is the only truth about a piece of work. Claim with a lease, heartbeat, five tries, then parked."""
