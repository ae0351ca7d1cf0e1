"""What advice is worth: plant days with and without it, and with perfect foresight."""
