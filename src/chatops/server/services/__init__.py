"""The hub's rules: each service owns its transactions and knows no HTTP and no aiohttp."""
