import type { Knex } from 'knex'

/** Several generations of one secret side by side: the newest is used once every node has had time to know it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table server_secrets add column id text not null default 'first';
    alter table server_secrets drop constraint server_secrets_pkey;
    alter table server_secrets add primary key (name, id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from server_secrets as older using server_secrets as newer
      where older.name = newer.name and (older.created_at, older.id) < (newer.created_at, newer.id);
    alter table server_secrets drop constraint server_secrets_pkey;
    alter table server_secrets drop column id;
    alter table server_secrets add primary key (name);
  `)
}
