"""What was installed before: recorded, told, taken back, written down and had again."""
