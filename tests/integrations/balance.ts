/** The balance of one customer, as somebody who looks into the books would ask for it: what was posted in their name, account by account. */

/** `$1`: the subject. */
export const balanceOf = `
  SELECT account, currency, sum(minor)::float8 AS minor
  FROM postings
  WHERE subject_id = $1
  GROUP BY account, currency
  ORDER BY account, currency`
