"""What is live: the state of a centre, and what each event does to it; nothing here decides."""
