"""The one write door: what devices ask for becomes rows, or a refusal, here and nowhere else."""
