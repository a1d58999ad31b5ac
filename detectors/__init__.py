"""What do we hear? Pure readings of a customer's voice and words: no clock, no socket."""
