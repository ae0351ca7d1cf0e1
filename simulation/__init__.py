"""A seeded factory behind real OPC UA and Modbus servers, for the demo and for tests.

In: a plant folder, a seed, the plant's clock, recommendations and decisions.  Out: registers and nodes that a gateway
can read, production orders, five weeks of history, and the truth (energy by meter and quarter hour) to compare with.
"""
