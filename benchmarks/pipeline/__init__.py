"""How fast the path from Kafka to quarter hours in Kafka is on this machine, and what a reading costs on it.

In: nothing but the set-up; broker, cluster, load and plant are made for the run.  Out: `Figures`, and a table for people.

`load` is the plant and its readings, `decode_only` the job that ours is compared with, `stages` splits CPU time, `bench` runs it all.
"""
