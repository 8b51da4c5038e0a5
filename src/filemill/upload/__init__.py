"""The upload service: takes files in, keeps them safe, gives them back."""
