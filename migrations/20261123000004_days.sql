-- What the dashboard looks up by the day, and whom it lists as suspended.
create index payments_created on payments (created_at);
create index payments_paid on payments (paid_at) where paid_at is not null;
create index audit_log_created on audit_log (created_at);
create index users_suspended on users (user_id) where suspended_at is not null;
