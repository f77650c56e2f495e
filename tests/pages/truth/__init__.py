"""What every page and email says in every state, against the rows: tests/pages/test_true_sentences.py."""
