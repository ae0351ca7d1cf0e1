"""What a meter would have drawn without a measure, and what the measure saved: baselines, key figures, savings with their intervals. Pure.

In: a load profile, temperature, production, measures with their dates.  Out: a fitted baseline with its errors, EnPI, savings that are
claimed or refused, each with its reason. A figure that the data cannot carry is not claimed. Start reading at `answer.py`.
"""
