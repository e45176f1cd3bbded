"""One person's mailboxes and ledger, and the engine run over them."""
