"""Film files: decoding of pixels and header, in worker processes that can do no harm, and writing."""
