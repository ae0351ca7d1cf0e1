"""What `lastgang orders` does with a file."""
