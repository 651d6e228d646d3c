-- What an organization sells and how: bounds and defaults, prices in more currencies, taxes, plans, coupons.

ALTER TABLE organization
    -- Volatile, so that every organization that is there gets its own.
    ADD COLUMN merchant_id           uuid NOT NULL DEFAULT gen_random_uuid()
                                     CONSTRAINT organization_merchant_id UNIQUE,
    ADD COLUMN payment_bounds        jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN tax_mode              text NOT NULL DEFAULT 'exclusive' CHECK (tax_mode IN ('inclusive', 'exclusive')),
    ADD COLUMN default_methods       text[] NOT NULL DEFAULT '{mobile_money,card}',
    ADD COLUMN default_providers     text[] NOT NULL DEFAULT '{}',
    ADD COLUMN link_lifetime_seconds integer NOT NULL DEFAULT 604800 CHECK (link_lifetime_seconds > 0),
    ADD COLUMN redirect_origins      text[] NOT NULL DEFAULT '{}',
    ADD COLUMN checkout_url          text;
ALTER TABLE organization ALTER COLUMN merchant_id DROP DEFAULT;

CREATE TABLE tax_rate (
    id         uuid PRIMARY KEY,
    org_id     uuid NOT NULL REFERENCES organization,
    livemode   boolean NOT NULL,
    name       text NOT NULL,
    ppm        integer NOT NULL CHECK (ppm BETWEEN 0 AND 1000000), -- parts per million: 18 % is 180000
    country    text,
    active     boolean NOT NULL,
    revision   integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT tax_rate_owned UNIQUE (id, org_id, livemode)
);
CREATE INDEX tax_rate_listed ON tax_rate (org_id, livemode, id DESC);

ALTER TABLE product
    ADD COLUMN more_prices jsonb NOT NULL DEFAULT '[]', -- in other currencies than price_minor is
    ADD COLUMN tax_rate_id uuid,
    -- A rate of the same organization and mode, or none.
    ADD CONSTRAINT product_tax_rate FOREIGN KEY (tax_rate_id, org_id, livemode)
        REFERENCES tax_rate (id, org_id, livemode);

ALTER TABLE plan
    ADD COLUMN description    text,
    ADD COLUMN interval_count integer NOT NULL DEFAULT 1 CHECK (interval_count > 0),
    ADD COLUMN metadata       jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN active         boolean NOT NULL DEFAULT true,
    ADD COLUMN revision       integer NOT NULL DEFAULT 1,
    ADD COLUMN updated_at     timestamptz;
UPDATE plan SET updated_at = created_at;
ALTER TABLE plan
    ALTER COLUMN updated_at SET NOT NULL,
    ADD CONSTRAINT plan_interval CHECK (interval IN ('day', 'week', 'month', 'quarter', 'year'));

CREATE TABLE coupon (
    id         uuid PRIMARY KEY,
    org_id     uuid NOT NULL REFERENCES organization,
    livemode   boolean NOT NULL,
    code       text NOT NULL CHECK (code = upper(code)),
    off        jsonb NOT NULL,
    currency   text,
    expires_at timestamptz,
    metadata   jsonb NOT NULL,
    active     boolean NOT NULL,
    revision   integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT coupon_code UNIQUE (org_id, livemode, code)
);
CREATE INDEX coupon_listed ON coupon (org_id, livemode, id DESC);

-- As with link_uses: apart from the coupon, since it changes with every payment, and with the cap beside what it bounds.
CREATE TABLE coupon_uses (
    coupon_id       uuid PRIMARY KEY REFERENCES coupon,
    redemptions_max bigint CHECK (redemptions_max > 0),
    redeemed        bigint NOT NULL DEFAULT 0 CHECK (redeemed >= 0),
    held            bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    version         bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- Keys keep what they could do: plans were read with the products, and a key that could do everything still can.
UPDATE api_key
SET scopes = scopes || '{plans:read,plans:write,coupons:read,coupons:write,taxes:read,taxes:write}'
WHERE scopes @> '{links:read,links:write,products:read,products:write,organization:read,organization:write,keys:write,charges:read}';
UPDATE api_key
SET scopes = scopes || '{plans:read}'
WHERE 'products:read' = ANY (scopes) AND NOT 'plans:read' = ANY (scopes);
