"""The whole mill on one machine: a process per service, forked from one parent that has imported everything once."""
