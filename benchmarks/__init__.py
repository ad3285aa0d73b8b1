"""What the server costs: workloads of the real application, beside yardsticks of the same run.

Absolute times differ from machine to machine and from hour to hour; ratios of one run do not.
"""
