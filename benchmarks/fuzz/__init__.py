"""Broken inputs for every decoder: what a device, a broker or an editor may hand us, and what must then come of it.

In: a number of inputs and a seed.  Out: how many were read and refused, and every input that crashed a decoder, held it up, was
taken for something else, or was refused without a useful reason.
"""
