"""Sound: browser legs over WebRTC, and the one 20 ms tick that joins them."""
