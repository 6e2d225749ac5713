"""Every write to live sessions, chat and notes."""
