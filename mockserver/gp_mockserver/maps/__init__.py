"""Result map services: the outputs of a job as layers of a map, and pictures of them."""
