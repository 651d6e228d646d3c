-- The coupon whose redemption goes with this use: held, settled and given back with it.
ALTER TABLE use ADD COLUMN coupon_id uuid REFERENCES coupon;
