"""What a person reads: results, plans, saved runs and pictures, from plain data. A report can never spend money."""
