"""The ai service: says what a file is about, with the model, the confidence and the evidence for each word of it."""
