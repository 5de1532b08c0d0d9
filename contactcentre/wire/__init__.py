"""What is said over wires and how it is stored, as versioned models."""
