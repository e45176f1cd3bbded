"""What happened in the mailboxes of the demo."""
