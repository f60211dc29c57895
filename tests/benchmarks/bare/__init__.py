"""The reference for the burst: a plain Django view that checks a signature and stores a row."""
