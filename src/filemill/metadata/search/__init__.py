"""Finding files by words: one tokenizer, a query in our own terms, an index behind a port."""
