"""How the two demo calls are made: written dialogue, synthetic speech, a telephone's sound."""
