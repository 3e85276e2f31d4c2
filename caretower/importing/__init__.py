"""A region's participants from tables: read, judged row by row, compared, then put in place."""
