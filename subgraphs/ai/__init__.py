"""Search by meaning, what is similar, what to do next, and questions made from texts."""
