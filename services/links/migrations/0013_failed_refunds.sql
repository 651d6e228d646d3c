-- A refund that came back after it had gone through: it counts no more, in whatever order the two facts arrive.
ALTER TABLE refund ADD COLUMN failed_at timestamptz;
