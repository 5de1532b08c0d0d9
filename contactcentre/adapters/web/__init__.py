"""HTTP and WebSocket edges: routes, access, problems, pages."""
