"""The ground every service stands on: parts without any business word in them."""
