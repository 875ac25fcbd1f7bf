"""What a server tells about its services beside their descriptors: metadata, pictures, help."""
