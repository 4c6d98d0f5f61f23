"""Who hears whom: topologies, the turn graph, and the order in which its nodes become ready. Pure."""
