"""ai: looks at processed files and says what is in them, which model said so, and how sure it is."""
