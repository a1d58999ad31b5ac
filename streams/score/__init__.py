"""Score: audio and transcript lines become readings."""
