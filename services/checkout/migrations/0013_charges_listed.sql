-- A merchant's list of the charges of one link, newest first.
CREATE INDEX charge_of_link ON charge (link_id, id DESC);
