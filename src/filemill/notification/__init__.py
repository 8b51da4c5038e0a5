"""The notification service: tells people and programs what happened, as it happens."""
