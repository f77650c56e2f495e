"""Many requests from one file (T14): read it, send its rows, and say what became of each."""
