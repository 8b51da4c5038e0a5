"""The access service: says who is calling. In local mode that is one user, who may everything."""
