/** Each value of a valid request replaced by something that should not be there, one at a time. */
const values: Record<string, string> = {
  'a NUL': '%00',
  'a NUL at its end': 'a%00',
  'half a percent sign': '%',
  'no hexadecimal': '%zz',
  'no UTF-8': '%ff%fe',
  'half a character': '%ed%a0%80',
  'line breaks': 'a%0d%0ab',
  'an emoji': '%F0%9F%9B%92',
  '10 KB': 'a'.repeat(10_000),
  'a path': '../../etc/passwd',
  markup: '%22%3E%3Cscript%3Ealert(1)%3C/script%3E',
  SQL: "'%20or%20'1'='1",
  'a prototype': '__proto__',
  'a constructor': 'constructor',
  'a number': '-1',
  'a JSON object': '%7B%22a%22:1%7D',
  'a JWT of nothing': 'e30.e30.e30',
  '2000 scopes': Array.from({ length: 2000 }, (_, index) => `s${index}`).join('+'),
}

/** Everything that can be wrong with the form `valid`, one thing at a time, by name. */
export function variantsOf(valid: string): [string, string][] {
  const fields = valid.split('&')
  const replaced = Object.entries(values).flatMap(([name, value]) =>
    fields.map((field, index): [string, string] => {
      const key = field.split('=')[0]
      return [`${key} is ${name}`, fields.map((other, at) => (at === index ? `${key}=${value}` : other)).join('&')]
    }),
  )
  const whole = fields.flatMap((field): [string, string][] => {
    const [key, value] = field.split('=')
    return [
      [`${key} twice`, `${valid}&${field}`],
      [`${key} twice and different`, `${valid}&${key}=other`],
      [`${key} as an array`, valid.replace(field, `${key}[]=${value}`)],
      [`${key} as an object`, valid.replace(field, `${key}[a]=${value}`)],
      [`${key} empty`, valid.replace(field, `${key}=`)],
      [`${key} without a value`, valid.replace(field, `${key}`)],
      [`no ${key}`, fields.filter((other) => other !== field).join('&')],
    ]
  })
  return [
    ...replaced,
    ...whole,
    ['nothing', ''],
    ['only separators', '&&&==&='],
    ['many fields', Array.from({ length: 3000 }, (_, index) => `f${index}=1`).join('&')],
    ['a prototype field', `${valid}&__proto__=x&constructor=x&hasOwnProperty=x&toString=x`],
  ]
}
