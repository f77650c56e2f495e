"""The third party's forms. They only parse; actions decide what may be requested."""
