"""What the third party types about an agreement. Forms only parse: whether it may be asked, the actions decide."""
