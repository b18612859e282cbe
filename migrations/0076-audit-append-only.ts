import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Nobody changes an entry by mistake. Whoever owns the database can drop this; the chain of hashes is against them.
    create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'audit entries are never changed';
    end $$;
    create trigger audit_entries_append_only before update on audit_entries
      for each row execute function refuse_audit_change();
    create trigger audit_entries_not_truncated before truncate on audit_entries
      for each statement execute function refuse_audit_change();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger audit_entries_not_truncated on audit_entries;
    drop trigger audit_entries_append_only on audit_entries;
    drop function refuse_audit_change();
  `)
}
