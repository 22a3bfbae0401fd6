"""The platform every subgraph stands on. It imports no subgraph."""
