"""What people enter about their accounts. Forms parse; actions decide."""
