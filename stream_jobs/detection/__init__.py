"""What is abnormal. In: ``intervals``. Out: ``anomalies``."""
