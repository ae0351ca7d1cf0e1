"""What a plan costs, one file a line of the bill.

Each file works out its line for a whole plan and, where the line is a sum over jobs, for every start of one job by itself.
"""
