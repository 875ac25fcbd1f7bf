"""The life of a job: clocks, timelines, states at an instant, queues, the store."""
