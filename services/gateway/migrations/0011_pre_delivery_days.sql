-- migrate:up
set local role gateway_owner;

-- The schedule is looked at by days, of which each has few of the deliveries of 25 months.
create index monthly_delivery_due on gateway.monthly_delivery (due_on);

reset role;

-- migrate:down
