// Prints what AsyncAPI's own reader finds in a document, as JSON: diagnostics, operations and messages.
import { readFileSync } from 'node:fs'
import { Parser } from '@asyncapi/parser'

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], 'utf8'))
const operations = document?.allOperations().all().map((one) => [one.action(), one.channels().all()[0].address()]) ?? []
console.log(JSON.stringify({ diagnostics: diagnostics.map((d) => [d.severity, d.code, d.message, d.path.join('.')]), operations }))
