"""What is asked of the tables: one module each, functions that take a session.

They neither commit nor check rights nor know HTTP; services own transactions and rules.
A page function answers its rows and the cursor of the page after them, None on the last.
"""
