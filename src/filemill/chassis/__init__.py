"""The ground every service stands on: no business word in here."""
