"""From raw data to data worth training on: each module does one step, files in and files out."""
