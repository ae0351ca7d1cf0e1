"""How well the detectors of `detection/streams` find known faults on meters of our own, beside two simple rules."""
