"""What a trained model has learnt: PWMs, contributions, effects."""
