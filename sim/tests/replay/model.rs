//! What is recognised in a recording, and how the model plays it: small stories.
