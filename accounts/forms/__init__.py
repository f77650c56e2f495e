"""What people type about their accounts. Forms only parse: whether it may be, the actions decide."""
