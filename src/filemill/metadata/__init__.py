"""The metadata service: everything known of a file, findable; its audit trail and its story."""
