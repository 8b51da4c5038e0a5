"""NGINX as the edge: its configuration, written from the same route table that the local gateway follows."""
