"""The rules of menus: what a flow is, how a caller walks it, and what no flow may do."""
