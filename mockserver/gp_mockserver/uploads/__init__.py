"""Files that clients upload to a service: received in a stream, kept on disk, named by item ids."""
