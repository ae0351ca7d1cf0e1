"""Changes of shifts: rows of files, API and page into revisions on the topic."""
