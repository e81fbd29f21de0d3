"""A library on a Milvus server, or in a file of milvus-lite."""
