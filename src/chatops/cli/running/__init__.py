"""What happens between a command that was sent and the exit status."""
