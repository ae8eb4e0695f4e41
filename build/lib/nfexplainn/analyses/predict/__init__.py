"""What the models of a data set predict of a user's sequences."""
