import pg from 'pg'

/** What an operator does to a customer, straight in the database of the server under test. */
export async function setCustomerStatus(databaseUrl: string, email: string, status: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rowCount } = await client.query('update customers set status = $1 where email = $2', [status, email])
    if (rowCount !== 1) throw new Error(`there is no customer ${email}`)
  } finally {
    await client.end()
  }
}
