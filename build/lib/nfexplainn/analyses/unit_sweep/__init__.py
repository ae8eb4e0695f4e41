"""How many units a data set needs."""
