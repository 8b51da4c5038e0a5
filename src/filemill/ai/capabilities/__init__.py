"""What ai can say about one file: each capability is a pure function of one `Subject`; `table` lists them in order."""
