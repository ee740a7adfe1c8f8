-- A person's page shows what was said about them.
create index reports_of_reported on reports (reported_id, report_id);
