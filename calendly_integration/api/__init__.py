"""What agents call. Each view turns its input into plain values, calls one service, and says what came of it."""
