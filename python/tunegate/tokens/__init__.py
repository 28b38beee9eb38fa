"""Tokens: tokenizers, chat templates, and what they make of samples."""
