"""What every dialect is made of: who hears its calls, how its faults are told, how it writes numbers and pages."""
