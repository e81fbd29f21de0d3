"""The page: a conversation beside the speeches that it quotes."""
