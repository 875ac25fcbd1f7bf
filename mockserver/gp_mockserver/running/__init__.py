"""Running a task: its inputs read, its tool run once, its outputs kept and written."""
