"""The edge: one address for all services. It owns no data, decides nothing about files and trusts no client header."""
