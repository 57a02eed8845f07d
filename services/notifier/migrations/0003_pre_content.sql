-- migrate:up
set local role notifier_owner;

-- PostgreSQL's own compression is a twentieth of a mail's whole cost. LZ4 costs nearly nothing;
-- a server built without it keeps the words as they are.
do $$
begin
  alter table notifier.mail_content
    alter column html_body set compression lz4,
    alter column text_body set compression lz4;
exception when feature_not_supported then
  alter table notifier.mail_content
    alter column html_body set storage external,
    alter column text_body set storage external;
end
$$;

reset role;

-- migrate:down
