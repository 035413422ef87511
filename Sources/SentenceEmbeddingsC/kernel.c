// The arithmetic of encoders in vector instructions.
