"""Writers of documents: what stands in docs/ and follows from the code. Not part of the package."""
