"""The public pages of the API's documentation, at /api/docs/ (V3, V4)."""
