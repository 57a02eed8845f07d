-- migrate:up

-- A gateway is ready once the migrations that it came with are applied. The table is the tool's own.
grant select on gateway.migration to gateway;

-- migrate:down
