"""One flat package per subgraph. They meet in the supergraph and in events, never by import."""
