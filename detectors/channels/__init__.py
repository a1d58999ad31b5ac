"""Is each channel of a call whose it is said to be?"""
