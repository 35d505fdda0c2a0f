"""The runtime behind a URL: a server that speaks the OpenAI protocol."""
