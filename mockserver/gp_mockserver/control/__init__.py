"""The control API: sites, rules, jobs, clocks, deviations, the journal and expectations over HTTP, under
`/__admin`."""
