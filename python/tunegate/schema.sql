create table store_info (key varchar primary key, value varchar not null);
create table sources (source varchar, role varchar, bytes bigint, sha256 varchar);
create table records (
  record_id bigint, source varchar, line bigint, byte_offset bigint, byte_length bigint,
  fingerprint varchar, reason varchar
);
create table samples (
  sample_id bigint, format varchar, category varchar, difficulty varchar, split varchar,
  tools varchar, label boolean, metadata varchar, fingerprint varchar
);
create table messages (
  sample_id bigint, turn integer, part varchar, role varchar, content varchar, reasoning varchar,
  tool_calls varchar, tool_call_id varchar, name varchar, weight double, media varchar, extra varchar
);
create table signals (name varchar primary key, version integer, parameters varchar, partial varchar);
