"""What embeddings are worth, whoever made them: one command and `audit_embeddings`."""
