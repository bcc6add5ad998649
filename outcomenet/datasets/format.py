"""Which version of the data set's layout this is."""

# Raised when what a data set holds changes, so that an older one is refused and not misread.
FORMAT = 7
EXAMPLES_VERSION = f"{FORMAT}.0.0"  # the folder of the examples, as TFDS names it
