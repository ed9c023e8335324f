"""When things run and what is told of them: jobs, schedules, sensors, alerts."""
