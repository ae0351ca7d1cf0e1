"""One module a verb, each with a click command called ``command``; imported only when called, so that ``--help`` is quick."""
