"""Film files: pixels and header of one, decoded in workers that can do no harm, or written."""
